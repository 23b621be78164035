/** @file The steps of optimizers, each with its kernel. A bundle has the modules of those it uses. */
import { adadeltaStepModule } from "../wasm/adadelta-step.generated.ts";
import { adagradStepModule } from "../wasm/adagrad-step.generated.ts";
import { adamStepModule } from "../wasm/adam-step.generated.ts";
import { adamaxStepModule } from "../wasm/adamax-step.generated.ts";
import { adanStepModule } from "../wasm/adan-step.generated.ts";
import { amsgradStepModule } from "../wasm/amsgrad-step.generated.ts";
import { beliefStepModule } from "../wasm/belief-step.generated.ts";
import { emaStepModule } from "../wasm/ema-step.generated.ts";
import { lionStepModule } from "../wasm/lion-step.generated.ts";
import { momentumStepModule } from "../wasm/momentum-step.generated.ts";
import { plainStepModule } from "../wasm/plain-step.generated.ts";
import { radamStepModule } from "../wasm/radam-step.generated.ts";
import { rmsStepModule } from "../wasm/rms-step.generated.ts";
import { signStepModule } from "../wasm/sign-step.generated.ts";
import { stddevStepModule } from "../wasm/stddev-step.generated.ts";
import { yogiStepModule } from "../wasm/yogi-step.generated.ts";
import * as shapes from "./expressions.ts";
import type { StepRule } from "./step-kernel.ts";

/** `p + factor * (u + share * p)` */
export const plainStep: StepRule = {
  kernelName: "NnxPlainStep",
  shape: shapes.plainShape,
  module: plainStepModule,
};
export const adamStep: StepRule = {
  kernelName: "NnxAdamStep",
  shape: shapes.adamShape,
  module: adamStepModule,
};
export const radamStep: StepRule = {
  kernelName: "NnxRadamStep",
  shape: shapes.radamShape,
  module: radamStepModule,
};
export const amsgradStep: StepRule = {
  kernelName: "NnxAmsgradStep",
  shape: shapes.amsgradShape,
  module: amsgradStepModule,
};
export const adamaxStep: StepRule = {
  kernelName: "NnxAdamaxStep",
  shape: shapes.adamaxShape,
  module: adamaxStepModule,
};
export const beliefStep: StepRule = {
  kernelName: "NnxBeliefStep",
  shape: shapes.beliefShape,
  module: beliefStepModule,
};
export const yogiStep: StepRule = {
  kernelName: "NnxYogiStep",
  shape: shapes.yogiShape,
  module: yogiStepModule,
};
export const adanStep: StepRule = {
  kernelName: "NnxAdanStep",
  shape: shapes.adanShape,
  module: adanStepModule,
};
export const momentumStep: StepRule = {
  kernelName: "NnxMomentumStep",
  shape: shapes.momentumShape,
  module: momentumStepModule,
};
export const rmsStep: StepRule = {
  kernelName: "NnxRmsStep",
  shape: shapes.rmsShape,
  module: rmsStepModule,
};
export const stddevStep: StepRule = {
  kernelName: "NnxStddevStep",
  shape: shapes.stddevShape,
  module: stddevStepModule,
};
export const adagradStep: StepRule = {
  kernelName: "NnxAdagradStep",
  shape: shapes.adagradShape,
  module: adagradStepModule,
};
export const adadeltaStep: StepRule = {
  kernelName: "NnxAdadeltaStep",
  shape: shapes.adadeltaShape,
  module: adadeltaStepModule,
};
export const lionStep: StepRule = {
  kernelName: "NnxLionStep",
  shape: shapes.lionShape,
  module: lionStepModule,
};
export const signStep: StepRule = {
  kernelName: "NnxSignStep",
  shape: shapes.signShape,
  module: signStepModule,
};
export const emaStep: StepRule = {
  kernelName: "NnxEmaStep",
  shape: shapes.emaShape,
  module: emaStepModule,
};

// A package that is required, as tests in CommonJS do.
globalThis.test("requires", () => require("@nnxjs/nnx"));

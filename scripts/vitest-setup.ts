import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";

// Mutes tfjs's "running in Node" banner. IS_TEST would do that too, but its leak check makes valid
// gradients throw.
tf.enableProdMode();
await tf.setBackend("cpu");

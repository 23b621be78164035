import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";

// Mutes tfjs's "running in Node" banner. Not IS_TEST: its leak check makes valid gradients throw.
tf.enableProdMode();
await tf.setBackend("cpu");

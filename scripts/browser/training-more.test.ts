/** @file Training of models of many small kernels, which take longer without a GPU. */
import { trainsAsOnCpu } from "./training.ts";

trainsAsOnCpu(["GRU", "attention", "3-D CNN"]);

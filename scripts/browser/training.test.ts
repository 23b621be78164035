/** @file Training of a dense model and of convolutions. */
import { trainsAsOnCpu } from "./training.ts";

trainsAsOnCpu(["digits (MLP with dropout)", "CNN with max pooling"]);

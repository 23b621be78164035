/** @file A module with whatever attributes a test gives it. */
import { Module } from "../src/index.ts";

export class Bag extends Module {
  constructor(attributes: object) {
    super();
    Object.assign(this, attributes);
  }
}

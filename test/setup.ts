// Runs before every test file: each fast-check property prints, when it fails, the line that replays it. Sets up
// nothing else; what a test needs it makes itself.
import fc from "fast-check";
import { replayed } from "./replay.ts";

fc.configureGlobal(replayed(process.env));

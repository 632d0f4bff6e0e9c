// Runs before every test file under Stryker: nobody reads the counterexample that kills a mutant, so none is shrunk.
import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });

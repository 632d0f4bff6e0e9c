// Prints the one line that ends a CI run, from vitest's own JSON report. It judges nothing: exit status is .ci/run's.
import { existsSync, readFileSync } from "node:fs";

const [file = ""] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
if (existsSync(file)) {
  const report = JSON.parse(readFileSync(file, "utf8"));
  passed = report.numPassedTests;
  skipped = report.numPendingTests + report.numTodoTests;
  // A file that cannot even be loaded has no tests in the report, but it did fail.
  const unloaded = report.testResults.filter(
    (suite) => suite.status === "failed" && suite.assertionResults.length === 0,
  );
  failed = report.numFailedTests + unloaded.length;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);

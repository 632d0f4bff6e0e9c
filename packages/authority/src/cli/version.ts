/** The version of this package, for `--version` and the documentation of the service. */
import { createRequire } from "node:module";

const manifest = createRequire(import.meta.url)("../../package.json") as { readonly version: string };
/** As it was published: after a release nobody has to remember this line. */
export const version: string = manifest.version;

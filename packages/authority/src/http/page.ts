/**
 * The page for the property, as `scripts/build-page.mjs` built it: a few files, kept in memory and sent with headers that
 * let it talk to this service and to nothing else. Not the page itself: that is `web/`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** The same from `src/http` and from `dist/http`. */
const builtFolder = fileURLToPath(new URL("../../dist/web/", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const headers = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  vary: "accept-encoding",
} as const;

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  /** Its name changes with its content. */
  readonly isHashed: boolean;
}

/** Where the page answers itself; `/reset` is what a message about a forgotten password links to. */
const pagePaths = ["/", "/reset"] as const;

const notBuilt = "The page is not built: run `npm run build`, then start the service again.\n";

export function servePage(app: FastifyInstance, folder: string = builtFolder): void {
  const files = filesIn(folder);
  const index = files.get("index.html");
  for (const path of pagePaths) {
    app.get(path, { schema: { hide: true } }, (request, reply) =>
      index === undefined
        ? reply.code(503).headers(headers).type("text/plain; charset=utf-8").send(notBuilt)
        : sendFile(request, reply, index),
    );
  }
  for (const [name, file] of files) {
    if (name === "index.html") continue;
    app.get(`/${name}`, { schema: { hide: true } }, (request, reply) => sendFile(request, reply, file));
  }
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  reply.headers(headers).type(file.type);
  reply.header("cache-control", file.isHashed ? "public, max-age=31536000, immutable" : "no-store");
  if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) return reply.send(file.plain);
  return reply.header("content-encoding", "gzip").send(file.gzip);
}

/** By their path below the folder, with `/`; none where the page was not built. */
function filesIn(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const name of namesIn(folder)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const plain = readFileSync(join(folder, name));
    files.set(name, { type, plain, gzip: gzipSync(plain), isHashed: name.startsWith("assets/") });
  }
  return files;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) =>
      name.replaceAll("\\", "/"),
    );
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

// How the page is sent: what is kept by browsers and what is not, what it may talk to, and what is said where it was not
// built. No browser is needed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "@doorsync/authority/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

describe("the page as it is sent", () => {
  let service: Service;

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => await service?.close());

  test.each(["/", "/reset"])(
    "%s is asked for anew each time, and allows nothing but this service",
    async (path) => {
      const answer = await fetch(`${service.url}${path}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      const text = await answer.text();
      expect(text).not.toMatch(/<script(?![^>]* src=)|<style|style=|https?:/);
    },
  );

  test("its parts are named by their content and kept for good, smaller on the way", async () => {
    const text = await (await fetch(service.url)).text();
    const names = [...text.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name ?? "");
    expect(names.length).toBe(2);
    for (const name of names) {
      expect(name).toMatch(/-[\w-]{8}\.(js|css)$/);
      const answer = await fetch(`${service.url}/${name}`, { headers: { "accept-encoding": "gzip" } });
      expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(answer.headers.get("content-encoding")).toBe("gzip");
      expect((await answer.text()).length).toBeGreaterThan(1_000);
    }
  });

  test("nothing beside it is sent: no path leads out of the folder", async () => {
    for (const path of ["/assets/", "/../package.json", "/assets/..%2f..%2findex.js", "/.vite/manifest.json"])
      expect((await fetch(`${service.url}${path}`)).status, path).toBe(404);
  });

  test("where it was not built, one sentence says what to do", async () => {
    const empty = mkdtempSync(join(tmpdir(), "doorsync-page-"));
    const noOffice = (): never => {
      throw new Error("the page needs no office");
    };
    const pageFolder = join(empty, "web");
    const app = await createServer({ office: noOffice, onFault: noOffice, version: "0.0.0", pageFolder });
    const answer = await app.inject({ url: "/" });
    expect([answer.statusCode, answer.body]).toEqual([
      503,
      "The page is not built: run `npm run build`, then start the service again.\n",
    ]);
    await app.close();
    rmSync(empty, { recursive: true });
  });
});

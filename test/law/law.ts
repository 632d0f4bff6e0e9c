// The import law itself: which file may name which, as one table. The folders are stacked, packages meet only in the
// protocol, and cores take nothing from the air. architecture.test.ts holds the repository to it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Check,
  declared,
  never,
  neverReaches,
  noCircles,
  only,
  opensWithComment,
  stack,
  takesNothingFromTheAir,
} from "./check.ts";
import { computedTarget } from "./source.ts";

/** The root of the repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

export const packageNames = ["protocol", "virtual-radio", "lock-sim", "phone-client", "authority"] as const;

/** Files by path: the shape of a planted violation. */
export type Files = Readonly<Record<string, string>>;

/** One sentence of the law. `planted` must be reported, its near neighbour `spared` must not. */
export interface Sentence {
  readonly claim: string;
  readonly check: Check;
  readonly planted: Files;
  readonly spared: Files;
}

const face = (name: string): RegExp => new RegExp(`^@doorsync/protocol/${name}$`);
const inside = (folder: string): RegExp => new RegExp(`^packages/${folder}/`);
const builtin = /^node:/;
const outside = /^(?!@doorsync\/|node:|\.|packages\/|test\/|demo\/|bench\/|fuzz\/)/;
/** Adapters in software, for edges that load a radio. */
const adapters = /^@doorsync\/virtual-radio(\/btsnoop)?$/;
const cores = /^@doorsync\/(phone-client|authority)\/core$/;
const manifests = new Map(
  packageNames.map((name) => {
    const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
    return [
      name as string,
      new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })),
    ];
  }),
);

const p = "packages/protocol/src";
const l = "packages/lock-sim/src";
const c = "packages/phone-client/src";
const a = "packages/authority/src";
const v = "packages/virtual-radio/src";

export const law: readonly Sentence[] = [
  {
    claim: "protocol imports no package of ours and nothing of Node",
    check: only(/^packages\/protocol\/src\//, [inside("protocol/src"), outside]),
    planted: { [`${p}/cbor/scan.ts`]: 'import { readFileSync } from "node:fs";' },
    spared: { [`${p}/cbor/scan.ts`]: 'import { same } from "../bytes.ts";' },
  },
  {
    claim: "the OpenSSL provider knows the ground floor and crypto, and nothing else of ours",
    check: only(/^packages\/protocol\/src-node\//, [
      inside("protocol/src-node"),
      /^packages\/protocol\/src\/(crypto\/|(bytes|limits|refusal)\.ts$)/,
      builtin,
    ]),
    planted: { "packages/protocol/src-node/openssl.ts": 'import { x } from "../src/rules/trust.ts";' },
    spared: {
      "packages/protocol/src-node/openssl.ts": 'import type { P } from "../src/crypto/provider.ts";',
    },
  },
  {
    claim: "only cbor/codec.ts names cbor-x",
    check: never(/^packages\/(?!protocol\/src\/cbor\/codec\.ts$)/, [/^cbor-(x|extract)/]),
    planted: { [`${p}/cbor/schema.ts`]: 'import { Encoder } from "cbor-x";' },
    spared: { [`${p}/cbor/codec.ts`]: 'import { Encoder } from "cbor-x";' },
  },
  {
    claim: "only crypto/ names a crypto library",
    check: never(/^packages\/(?!protocol\/src\/crypto\/)/, [/^tweetnacl/, /^@noble\//]),
    planted: { [`${p}/rules/receipt.ts`]: 'import { hmac } from "@noble/hashes/hmac.js";' },
    spared: { [`${p}/crypto/portable.ts`]: 'import { hmac } from "@noble/hashes/hmac.js";' },
  },
  {
    claim: "protocol is a stack: ground, cbor, crypto, codes, messages, rules | link | session, faces",
    check: stack(`${p}/`, [
      [/^(bytes|limits|refusal)\.ts$/],
      [/^cbor\//],
      [/^crypto\//],
      [/^codes\//],
      [/^messages\//],
      [/^rules\//, /^link\//, /^session\//],
      [/^courier\.ts$/, /^lock\.ts$/, /^authority\.ts$/, /^inspect\.ts$/],
    ]),
    planted: { [`${p}/rules/trust.ts`]: 'import type { Step } from "../session/dialogue.ts";' },
    spared: { [`${p}/rules/trust.ts`]: 'import type { Update } from "../messages/update.ts";' },
  },
  {
    claim: "link moves bytes and knows neither rules nor messages",
    check: never(/^packages\/protocol\/src\/link\//, [/^packages\/protocol\/src\/(rules|messages)\//]),
    planted: { [`${p}/link/frame.ts`]: 'export { catalog } from "../messages/catalog.ts";' },
    spared: { [`${p}/link/frame.ts`]: 'export { limits } from "../limits.ts";' },
  },
  {
    claim: "lock-sim knows the protocol by the face of the lock",
    check: only(/^packages\/lock-sim\/src\/(?!cli\/|edge\/|sim\/)/, [
      inside("lock-sim/src"),
      face("lock"),
      builtin,
      outside,
    ]),
    planted: { [`${l}/board/board.ts`]: 'import { issueUpdate } from "@doorsync/protocol/authority";' },
    spared: { [`${l}/board/board.ts`]: 'import { acceptUpdate } from "@doorsync/protocol/lock";' },
  },
  {
    claim: "lock-sim's edge may also choose a provider and inspect",
    check: only(/^packages\/lock-sim\/src\/edge\//, [
      inside("lock-sim/src"),
      face("(lock|inspect|node-crypto)"),
      adapters,
      builtin,
      outside,
    ]),
    planted: { [`${l}/edge/socket.ts`]: 'import { plan } from "@doorsync/authority/core";' },
    spared: { [`${l}/edge/socket.ts`]: 'import { openssl } from "@doorsync/protocol/node-crypto";' },
  },
  {
    claim: "lock-sim's command line may also run the cores of the other two, and read captures",
    check: only(/^packages\/lock-sim\/src\/cli\//, [
      inside("lock-sim/src"),
      face("(lock|courier|inspect|node-crypto)"),
      /^@doorsync\/virtual-radio\/btsnoop$/,
      cores,
      builtin,
      outside,
    ]),
    planted: { [`${l}/cli/fuzz.ts`]: 'import { openStore } from "@doorsync/authority";' },
    spared: { [`${l}/cli/fuzz.ts`]: 'import { plan } from "@doorsync/authority/core";' },
  },
  {
    claim: "lock-sim's world plays all three parts by their cores and faces; its provider is lent",
    check: only(/^packages\/lock-sim\/src\/sim\//, [
      inside("lock-sim/src"),
      face("(lock|courier|authority)"),
      cores,
      builtin,
    ]),
    planted: { [`${l}/sim/run.ts`]: 'import { openssl } from "@doorsync/protocol/node-crypto";' },
    spared: {
      [`${l}/sim/cast/office.ts`]: 'import { issueCommission } from "@doorsync/protocol/authority";',
    },
  },
  {
    claim: "only the office and the checkers' view of it speak as the authority",
    check: never(/^packages\/lock-sim\/src\/sim\/(?!cast\/office\.ts$|seen\.ts$|checkers\/)/, [
      face("authority"),
    ]),
    planted: { [`${l}/sim/cast/phone.ts`]: 'import { issueUpdate } from "@doorsync/protocol/authority";' },
    spared: { [`${l}/sim/cast/phone.ts`]: 'import { readHello } from "@doorsync/protocol/courier";' },
  },
  {
    claim: "planted bugs are data: they import nothing of what they change",
    check: only(/^packages\/lock-sim\/src\/sim\/plants(\.ts$|\/)/, [
      /^packages\/lock-sim\/src\/sim\/plants(\.ts$|\/)/,
    ]),
    planted: { [`${l}/sim/plants/door.ts`]: 'import { judge } from "../../firmware/door.ts";' },
    spared: { [`${l}/sim/plants/door.ts`]: 'import type { Plant } from "./plant.ts";' },
  },
  {
    claim: "lock-sim is a stack: firmware, board, parts, lock | edge, sim, face, cli",
    check: stack(`${l}/`, [
      [/^firmware\//],
      [/^board\//],
      [/^parts\//],
      [/^lock\.ts$/, /^edge\//],
      [/^sim\//],
      [/^index\.ts$/],
      [/^cli\//],
    ]),
    planted: { [`${l}/board/board.ts`]: 'import { flash } from "../parts/flash.ts";' },
    spared: { [`${l}/parts/flash.ts`]: 'import type { Flash } from "../board/ports.ts";' },
  },
  {
    claim: "firmware imports itself and the face of the lock, nothing else",
    check: only(/^packages\/lock-sim\/src\/firmware\//, [inside("lock-sim/src/firmware"), face("lock")]),
    planted: { [`${l}/firmware/step.ts`]: 'import { Buffer } from "node:buffer";' },
    spared: { [`${l}/firmware/step.ts`]: 'import type { Event } from "./events.ts";' },
  },
  {
    claim: "parts and edge know of the board only its ports",
    check: never(/^packages\/lock-sim\/src\/(parts|edge)\//, [
      /^packages\/lock-sim\/src\/board\/(?!ports\.ts$)/,
    ]),
    planted: { [`${l}/edge/home.ts`]: 'import { createBoard } from "../board/board.ts";' },
    spared: { [`${l}/edge/home.ts`]: 'import type { Flash } from "../board/ports.ts";' },
  },
  {
    claim: "no seed can touch a real radio: the world reaches no edge",
    check: neverReaches(/^packages\/lock-sim\/src\/sim\//, [inside("lock-sim/src/edge"), /^@abandonware\//]),
    planted: {
      [`${l}/sim/run.ts`]: 'import { start } from "./start.ts";',
      [`${l}/sim/start.ts`]: 'export const start = () => import("../edge/socket.ts");',
    },
    spared: { [`${l}/cli/main.ts`]: 'export const serve = () => import("../edge/socket.ts");' },
  },
  {
    claim: "phone-client knows the protocol by the face of the courier",
    check: only(/^packages\/phone-client\/src\/(?!cli\/|edge\/|(node|gatt-link)\.ts$)/, [
      inside("phone-client/src"),
      face("courier"),
      outside,
    ]),
    planted: { [`${c}/courier.ts`]: 'import { acceptUpdate } from "@doorsync/protocol/lock";' },
    spared: { [`${c}/courier.ts`]: 'import { readHello } from "@doorsync/protocol/courier";' },
  },
  {
    claim: "phone-client's edge may also choose a provider",
    check: only(/^packages\/phone-client\/src\/(edge\/|(node|gatt-link)\.ts$)/, [
      inside("phone-client/src"),
      face("(courier|node-crypto)"),
      adapters,
      builtin,
      outside,
    ]),
    planted: { [`${c}/edge/socket.ts`]: 'import { diagnose } from "@doorsync/protocol/inspect";' },
    spared: { [`${c}/node.ts`]: 'import { openssl } from "@doorsync/protocol/node-crypto";' },
  },
  {
    claim: "phone-client's command line may also inspect",
    check: only(/^packages\/phone-client\/src\/cli\//, [
      inside("phone-client/src"),
      face("(courier|inspect|node-crypto)"),
      builtin,
      outside,
    ]),
    planted: { [`${c}/cli/main.ts`]: 'import { issueUpdate } from "@doorsync/protocol/authority";' },
    spared: { [`${c}/cli/main.ts`]: 'import { diagnose } from "@doorsync/protocol/inspect";' },
  },
  {
    claim: "errand and satchel know only themselves and the face of the courier",
    check: only(/^packages\/phone-client\/src\/(errand|satchel)\b/, [
      /^packages\/phone-client\/src\/(errand|satchel)\b/,
      face("courier"),
    ]),
    planted: { [`${c}/errand.ts`]: 'import type { Link } from "./ports.ts";' },
    spared: { [`${c}/errand.ts`]: 'import type { Satchel } from "./satchel.ts";' },
  },
  {
    claim: "phone-client's core reaches no edge, no part, nothing of Node and no outside library",
    check: neverReaches(/^packages\/phone-client\/src\/core\.ts$/, [
      /^packages\/phone-client\/src\/(edge|parts|cli)\//,
      builtin,
      outside,
    ]),
    planted: {
      [`${c}/core.ts`]: 'export * from "./courier.ts";',
      [`${c}/courier.ts`]: 'import { open } from "./edge/socket.ts";',
    },
    spared: {
      [`${c}/core.ts`]: 'export * from "./courier.ts";',
      [`${c}/courier.ts`]: 'import type { Link } from "./ports.ts";',
    },
  },
  {
    claim:
      "phone-client is a stack: errand and satchel, ports, conversation, sync and unlock, core, account, parts | edge, faces, cli",
    check: stack(`${c}/`, [
      [/^(errand|satchel)\b/],
      [/^ports\.ts$/],
      [/^converse\.ts$/],
      [/^slips\.ts$/],
      [/^(courier|unlock)\.ts$/],
      [/^core\.ts$/],
      [/^account\//],
      [/^parts\//, /^edge\//],
      [/^(index|node|gatt-link)\.ts$/],
      [/^cli\//],
    ]),
    planted: { [`${c}/courier.ts`]: 'import { memory } from "./parts/memory.ts";' },
    spared: { [`${c}/parts/memory.ts`]: 'import type { Mailbox } from "../ports.ts";' },
  },
  {
    claim: "authority knows the protocol by the face of the authority",
    check: only(/^packages\/authority\/src\//, [
      inside("authority/src"),
      face("(authority|inspect|node-crypto)"),
      builtin,
      outside,
    ]),
    planted: { [`${a}/issue/plan.ts`]: 'import { acceptUpdate } from "@doorsync/protocol/lock";' },
    spared: { [`${a}/issue/plan.ts`]: 'import { issueUpdate } from "@doorsync/protocol/authority";' },
  },
  {
    claim: "authority chooses a provider and inspects only where it composes: cli, store, edge",
    check: never(/^packages\/authority\/src\/(?!cli\/|store\/|edge\/)/, [face("(inspect|node-crypto)")]),
    planted: { [`${a}/http/server.ts`]: 'import { openssl } from "@doorsync/protocol/node-crypto";' },
    spared: { [`${a}/cli/main.ts`]: 'import { openssl } from "@doorsync/protocol/node-crypto";' },
  },
  {
    claim: "authority's model, issue and core are pure: no I/O, no outside library, nothing above them",
    check: only(/^packages\/authority\/src\/(model\/|issue\/|core\.ts$)/, [
      /^packages\/authority\/src\/(model|issue)\//,
      face("authority"),
    ]),
    planted: { [`${a}/model/doors.ts`]: 'import type { Store } from "../store/store.ts";' },
    spared: { [`${a}/issue/plan.ts`]: 'import type { Door } from "../model/doors.ts";' },
  },
  {
    claim:
      "authority is a stack: model, issue, core, files, store and what leaves the house, office, desk, http, faces, cli",
    check: stack(`${a}/`, [
      [/^model\//],
      [/^issue\//],
      [/^core\.ts$/],
      [/^trouble\.ts$/],
      [/^(files|keys|store|mailbox|mail|connected)\//],
      [/^office\//],
      [/^desk\//],
      [/^http\//],
      [/^(index|service)\.ts$/],
      [/^cli\//],
    ]),
    planted: { [`${a}/model/doors.ts`]: 'import { plan } from "../issue/plan.ts";' },
    spared: { [`${a}/store/store.ts`]: 'import { plan } from "../issue/plan.ts";' },
  },
  {
    claim: "the page knows itself, its library and nothing else: whatever it learns, it learns over HTTP",
    check: only(/^packages\/authority\/web\//, [inside("authority/web/src"), /^preact(\/hooks)?$/]),
    planted: { "packages/authority/web/src/app.tsx": 'import { denials } from "../../src/model/denial.ts";' },
    spared: { "packages/authority/web/src/app.tsx": 'import { call } from "./call.ts";' },
  },
  {
    claim: "the page is a stack: session and words, calls, what loads and tells, parts, views, the frame",
    check: stack("packages/authority/web/src/", [
      [/^(api|session|route|words|zone)\.ts$/],
      [/^(call|feed)\.ts$/, /^live\.tsx$/],
      [/^(load|news|event-words)\.ts$/],
      [/^parts\//],
      [/^views\//],
      [/^(app|main)\.tsx$/],
    ]),
    planted: { "packages/authority/web/src/parts/form.tsx": 'import { Door } from "../views/door.tsx";' },
    spared: { "packages/authority/web/src/views/door.tsx": 'import { Form } from "../parts/form.tsx";' },
  },
  {
    claim: "virtual-radio stands alone: it imports no package of ours and no library, only Node",
    check: only(/^packages\/virtual-radio\/src\//, [inside("virtual-radio/src"), builtin]),
    planted: { [`${v}/link.ts`]: 'import { limits } from "@doorsync/protocol/lock";' },
    spared: { [`${v}/remote.ts`]: 'import { connect } from "node:net";' },
  },
  {
    claim: "only where radios are loaded, and what reads captures, knows of adapters in software",
    check: never(/^packages\/(?!virtual-radio\/|(lock-sim|phone-client)\/src\/(edge|cli)\/)/, [
      /^@doorsync\/virtual-radio/,
      inside("virtual-radio"),
    ]),
    planted: { [`${l}/board/board.ts`]: 'import { createAir } from "@doorsync/virtual-radio";' },
    spared: { [`${l}/edge/bleno.ts`]: 'import { createAir } from "@doorsync/virtual-radio";' },
  },
  {
    claim: "virtual-radio's models know nothing of Node: air time, words, controllers, links, captures",
    check: neverReaches(
      /^packages\/virtual-radio\/src\/(airtime|att-guard|btsnoop|chance|controller|controller-state|faults|h4|hci|link|obey|range)\.ts$/,
      [builtin],
    ),
    planted: {
      [`${v}/link.ts`]: 'import { pace } from "./pace.ts";',
      [`${v}/pace.ts`]: 'import { performance } from "node:perf_hooks";',
    },
    spared: { [`${v}/socket.ts`]: 'import { EventEmitter } from "node:events";' },
  },
  {
    claim:
      "virtual-radio is a stack: captures and ground, words, controller and link, stations, air, sockets, face",
    check: stack(`${v}/`, [
      [/^snoop\//],
      [/^btsnoop\.ts$/],
      [/^(airtime|chance|clock|capture-file)\.ts$/],
      [/^(hci|range|faults)\.ts$/],
      [/^(att-guard|h4)\.ts$/],
      [/^controller-state\.ts$/],
      [/^obey\.ts$/],
      [/^(controller|link)\.ts$/],
      [/^radio\.ts$/],
      [/^station\.ts$/],
      [/^air\.ts$/],
      [/^(socket|tap|remote|stacks)\.ts$/],
      [/^install\.ts$/],
      [/^index\.ts$/],
    ]),
    planted: { [`${v}/controller.ts`]: 'import type { Air } from "./air.ts";' },
    spared: { [`${v}/air.ts`]: 'import { step } from "./controller.ts";' },
  },
  {
    claim: "radios are named at an edge only",
    check: never(/^packages\/[^/]+\/src\/(?!edge\/)/, [/^@abandonware\//]),
    planted: { [`${c}/node.ts`]: 'export const radio = () => import("@abandonware/noble");' },
    spared: { [`${c}/edge/noble.ts`]: 'export const radio = () => import("@abandonware/noble");' },
  },
  {
    claim: "every outside package stands in the manifest of the package that imports it",
    check: declared(manifests),
    planted: { [`${a}/http/server.ts`]: 'import { decode } from "cborg";' },
    spared: { [`${a}/store/store.ts`]: 'import { Kysely } from "kysely";' },
  },
  {
    claim: "demo and bench meet the packages by name, as any user does",
    check: never(/^(demo|bench)\//, [/^packages\//, /^test\//]),
    planted: { "demo/main.ts": 'import { encode } from "../packages/protocol/src/cbor/codec.ts";' },
    spared: { "demo/main.ts": 'import { createBoard } from "@doorsync/lock-sim";' },
  },
  {
    claim: "fuzz targets see all sources of the packages, and nothing of tests, demo and benchmarks",
    check: never(/^fuzz\//, [/^(test|demo|bench)\//]),
    planted: { "fuzz/targets/lock.ts": 'import { makeLock } from "../../test/world.ts";' },
    spared: { "fuzz/targets/lock.ts": 'import { hear } from "../../packages/protocol/src/link/frame.ts";' },
  },
  {
    claim: "a fuzz target is what it fuzzes and its cast; the engine that runs it is not seen from there",
    check: stack("fuzz/", [[/^cast\//], [/^targets\//, /^engine\//], [/^seeds\.ts$/, /^(build|fuzz)\.mjs$/]]),
    planted: { "fuzz/targets/cbor.ts": 'import { dictionary } from "../engine/dictionary.ts";' },
    spared: { "fuzz/seeds.ts": 'import { dictionary } from "./engine/dictionary.ts";' },
  },
  {
    claim:
      "no package imports tests, demo, benchmarks or fuzz targets, or a target that the law cannot follow",
    check: never(/^packages\//, [
      /^(test|demo|bench|fuzz)\//,
      new RegExp(`^\\${computedTarget.slice(0, -1)}\\)$`),
    ]),
    planted: { [`${c}/edge/noble.ts`]: "export const load = (name: string) => import(name);" },
    spared: { [`${c}/edge/noble.ts`]: 'export const load = () => import("@abandonware/noble");' },
  },
  {
    claim: "there are no circles, not even of types",
    check: noCircles,
    planted: {
      [`${p}/codes/pin.ts`]: 'import type { Table } from "./table.ts";',
      [`${p}/codes/table.ts`]: 'import { item } from "./item.ts";',
      [`${p}/codes/item.ts`]: 'export { pinTag } from "./pin.ts";',
    },
    spared: {
      [`${p}/codes/table.ts`]: 'import { item } from "./item.ts"; import type { Pin } from "./pin.ts";',
      [`${p}/codes/item.ts`]: 'export { pinTag } from "./pin.ts";',
    },
  },
  {
    claim: "cores take neither time nor chance from the air",
    check: takesNothingFromTheAir(
      /^packages\/(protocol\/src\/|lock-sim\/src\/(firmware|board|sim)\/|phone-client\/src\/(errand|satchel|converse|slips|courier|unlock|core|ports|account)\b|authority\/src\/(model\/|issue\/|core\.ts)|virtual-radio\/src\/(airtime|controller|controller-state|obey|link|station|air|faults|range)\.ts)/,
    ),
    planted: { [`${l}/firmware/step.ts`]: "export const later = (f: () => void) => setTimeout(f, 1);" },
    spared: { [`${l}/parts/clock.ts`]: "export const later = (f: () => void) => setTimeout(f, 1);" },
  },
  {
    claim: "every file opens with a comment",
    check: opensWithComment,
    planted: { "test/some.test.ts": 'import { test } from "vitest"; // what it is' },
    spared: { "test/some.test.ts": '// What it is.\nimport { test } from "vitest";' },
  },
];

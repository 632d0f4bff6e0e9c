/** All endpoints, area by area: the one list from which routes, documentation and client are made. */
import { accounts } from "./areas/accounts.ts";
import { courier } from "./areas/courier.ts";
import type { Endpoint } from "./endpoint.ts";

export const endpoints: readonly Endpoint[] = [...accounts, ...courier];

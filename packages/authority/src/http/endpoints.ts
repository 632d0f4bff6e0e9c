/** All endpoints, area by area: the one list from which routes, documentation and client are made. */
import { accounts } from "./areas/accounts.ts";
import { codes } from "./areas/codes.ts";
import { courier } from "./areas/courier.ts";
import { manage } from "./areas/manage.ts";
import { manageDoors } from "./areas/manage-doors.ts";
import { managePerson } from "./areas/manage-person.ts";
import type { Endpoint } from "./endpoint.ts";

export const endpoints: readonly Endpoint[] = [
  ...accounts,
  ...codes,
  ...courier,
  ...manage,
  ...manageDoors,
  ...managePerson,
];

/** All endpoints, area by area: the one list from which routes, documentation and client are made. */
import { accounts } from "./areas/accounts.ts";
import { appKeys } from "./areas/app-keys.ts";
import { codes } from "./areas/codes.ts";
import { courier } from "./areas/courier.ts";
import { manage } from "./areas/manage.ts";
import { manageBooks } from "./areas/manage-books.ts";
import { manageDoors } from "./areas/manage-doors.ts";
import { managePerson } from "./areas/manage-person.ts";
import type { Endpoint } from "./endpoint.ts";

export const endpoints: readonly Endpoint[] = [
  ...accounts,
  ...codes,
  ...courier,
  ...appKeys,
  ...manage,
  ...manageBooks,
  ...manageDoors,
  ...managePerson,
];

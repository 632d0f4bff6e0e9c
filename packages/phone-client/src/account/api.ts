/**
 * The endpoints of the authority's service, as a client needs them: method and path of each, and the types of what goes
 * in and comes out. Made by `npm run api` from the authority's own records; never edited by hand.
 */

/** A denial as problem details (RFC 9457). */
export interface ProblemDetails {
  /** urn:doorsync:denial:NAME */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** stable number of the denial */
  readonly code: number;
  /** stable name of the denial */
  readonly name: string;
  readonly remedy: string;
}

export interface Api {
  readonly logIn: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      readonly email: string;
      readonly password: string;
      readonly client: {
        readonly class: "mobile" | "desktop";
        readonly name: string;
        readonly version: string;
      };
    };
    readonly answer: {
      readonly token: string;
      readonly accountId: string;
      readonly personId: string;
      readonly phoneId: string;
      readonly expiresAt: number;
    };
  };
  readonly logOut: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: undefined;
  };
  readonly sessions: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly sessions: readonly {
        readonly phoneId: string;
        readonly client: "mobile" | "desktop";
        readonly clientName: string;
        readonly clientVersion: string;
        readonly createdAt: number;
        /** seconds since 1970, to the hour */
        readonly usedAt: number;
        readonly expiresAt: number;
        readonly isThis: boolean;
      }[];
    };
  };
  readonly endSessions: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: undefined;
  };
  readonly me: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly accountId: string;
      readonly personId: string;
      readonly phoneId: string;
      readonly name: string;
      readonly email: string;
      readonly client: "mobile" | "desktop";
      readonly clientVersion: string;
      readonly isVendor: boolean;
      readonly standings: readonly {
        readonly propertyId: string;
        readonly property: string;
        /** null: the property as a whole */
        readonly unitId: string | null;
        readonly unit: string | null;
        readonly role: "resident" | "guest" | "host" | "manager" | "vendor";
        readonly since: number;
        readonly isSuspended: boolean;
      }[];
      readonly properties: readonly {
        readonly propertyId: string;
        readonly name: string;
        readonly appVersionMin: string;
        /** this client is older than that */
        readonly isUpgradeRequired: boolean;
      }[];
    };
  };
  readonly changePassword: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: { readonly old: string; readonly new: string };
    readonly answer: undefined;
  };
  readonly askPasswordReset: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: { readonly email: string };
    readonly answer: undefined;
  };
  readonly resetPassword: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: { readonly token: string; readonly password: string };
    readonly answer: undefined;
  };
  readonly myDoors: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly doors: readonly {
        readonly id: string;
        readonly name: string;
        readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
        readonly propertyId: string;
        readonly property: string;
        readonly unit: { readonly id: string; readonly name: string } | null;
        readonly link: string;
        readonly lock: "absent" | "offered" | "commissioned" | "owned";
        /** how the lock shows itself, in hex */
        readonly lockTag: string | null;
        readonly roles: readonly ("resident" | "guest" | "host" | "manager" | "vendor")[];
        readonly lastSync: { readonly at: number; readonly lockSeconds: number } | null;
        /** something at this door waits for a sync */
        readonly pending: boolean;
        /** of one's own codes */
        readonly pendingChanges: number;
        /** digits that a code may have here: 4, perhaps 6 */
        readonly lengths: readonly number[];
        readonly canReset: {
          readonly ok: boolean;
          readonly denial: string | null;
          readonly why: string | null;
        };
        readonly canPick: {
          readonly ok: boolean;
          readonly denial: string | null;
          readonly why: string | null;
        };
        readonly canInvite: {
          readonly ok: boolean;
          readonly denial: string | null;
          readonly why: string | null;
        };
        readonly canGiveDaily: {
          readonly ok: boolean;
          readonly denial: string | null;
          readonly why: string | null;
        };
        readonly alarm: boolean;
      }[];
      /** a manager's further doors are in the property's list */
      readonly more: boolean;
    };
  };
  readonly myCodes: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly codes: readonly {
        readonly door: {
          readonly id: string;
          readonly name: string;
          readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
          readonly propertyId: string;
          readonly property: string;
        };
        readonly class: "code" | "keycard" | "app" | "dailyCode";
        readonly pending: boolean;
        /** while a code changes: the old one first, then the new one */
        readonly faces: readonly {
          /** null: not to be shown, or none */
          readonly code: string | null;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          readonly suspended: boolean;
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          readonly since: number;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          readonly warnings: readonly ("delay_in_setting_on_device" | "delay_in_removing_from_device")[];
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
        }[];
      }[];
    };
  };
  readonly resetCode: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: {
      /** digits: 4 or 6 */
      readonly length?: number | undefined;
    };
    readonly answer: {
      /** false: it is as it was, and needs no sync */
      readonly changed: boolean;
      readonly entry: {
        readonly door: {
          readonly id: string;
          readonly name: string;
          readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
          readonly propertyId: string;
          readonly property: string;
        };
        readonly class: "code" | "keycard" | "app" | "dailyCode";
        readonly pending: boolean;
        /** while a code changes: the old one first, then the new one */
        readonly faces: readonly {
          /** null: not to be shown, or none */
          readonly code: string | null;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          readonly suspended: boolean;
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          readonly since: number;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          readonly warnings: readonly ("delay_in_setting_on_device" | "delay_in_removing_from_device")[];
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
        }[];
      };
    };
  };
  readonly pickCode: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: { readonly code: string };
    readonly answer: {
      /** false: it is as it was, and needs no sync */
      readonly changed: boolean;
      readonly entry: {
        readonly door: {
          readonly id: string;
          readonly name: string;
          readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
          readonly propertyId: string;
          readonly property: string;
        };
        readonly class: "code" | "keycard" | "app" | "dailyCode";
        readonly pending: boolean;
        /** while a code changes: the old one first, then the new one */
        readonly faces: readonly {
          /** null: not to be shown, or none */
          readonly code: string | null;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          readonly suspended: boolean;
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          readonly since: number;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          readonly warnings: readonly ("delay_in_setting_on_device" | "delay_in_removing_from_device")[];
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
        }[];
      };
    };
  };
  readonly inviteGuest: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: {
      readonly name: string;
      readonly kind: "permanent" | "temporary" | "recurring" | "delivery";
      readonly from?: number | undefined;
      readonly until?: number | undefined;
      readonly windows?:
        | readonly {
            /** bit 0 is Sunday */
            readonly days: number;
            /** of the local day */
            readonly startMinute: number;
            /** not after the start: it crosses midnight */
            readonly endMinute: number;
          }[]
        | undefined;
      /** digits: 4 or 6 */
      readonly length?: number | undefined;
      /** always refused */
      readonly code?: string | undefined;
    };
    readonly answer: {
      readonly person: string;
      readonly name: string;
      readonly kind: "permanent" | "temporary" | "recurring" | "delivery";
      readonly invitedBy: { readonly person: string; readonly name: string } | null;
      readonly entries: readonly {
        readonly door: {
          readonly id: string;
          readonly name: string;
          readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
          readonly propertyId: string;
          readonly property: string;
        };
        readonly class: "code" | "keycard" | "app" | "dailyCode";
        readonly pending: boolean;
        /** while a code changes: the old one first, then the new one */
        readonly faces: readonly {
          /** null: not to be shown, or none */
          readonly code: string | null;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          readonly suspended: boolean;
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          readonly since: number;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          readonly warnings: readonly ("delay_in_setting_on_device" | "delay_in_removing_from_device")[];
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
        }[];
      }[];
    };
  };
  readonly guests: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly guests: readonly {
        readonly person: string;
        readonly name: string;
        readonly kind: "permanent" | "temporary" | "recurring" | "delivery";
        readonly invitedBy: { readonly person: string; readonly name: string } | null;
        readonly entries: readonly {
          readonly door: {
            readonly id: string;
            readonly name: string;
            readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
            readonly propertyId: string;
            readonly property: string;
          };
          readonly class: "code" | "keycard" | "app" | "dailyCode";
          readonly pending: boolean;
          /** while a code changes: the old one first, then the new one */
          readonly faces: readonly {
            /** null: not to be shown, or none */
            readonly code: string | null;
            readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
            readonly pending: boolean;
            readonly suspended: boolean;
            /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
            readonly worksNow: boolean;
            readonly worksAfterSync: boolean;
            /** false: a courier may have made it otherwise, or uses that are not known yet */
            readonly certain: boolean;
            /** where it works now: its end without a newer table; null: none */
            readonly worksUntil: number | null;
            readonly since: number;
            readonly terms: {
              readonly from: number | null;
              readonly until: number | null;
              readonly uses: number | null;
              readonly minutes: number | null;
              readonly windows:
                | readonly {
                    /** bit 0 is Sunday */
                    readonly days: number;
                    /** of the local day */
                    readonly startMinute: number;
                    /** not after the start: it crosses midnight */
                    readonly endMinute: number;
                  }[]
                | null;
            };
            readonly warnings: readonly ("delay_in_setting_on_device" | "delay_in_removing_from_device")[];
            /** until when it may open in the worst case, if nobody brings the lock anything */
            readonly exposure: {
              readonly kind: "gone" | "until" | "untilSync";
              readonly until: number | null;
            };
          }[];
        }[];
      }[];
    };
  };
  readonly revokeGuest: {
    readonly params: { readonly door: string; readonly person: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly person: string;
      readonly name: string;
      readonly kind: "permanent" | "temporary" | "recurring" | "delivery";
      readonly invitedBy: { readonly person: string; readonly name: string } | null;
      readonly entries: readonly {
        readonly door: {
          readonly id: string;
          readonly name: string;
          readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
          readonly propertyId: string;
          readonly property: string;
        };
        readonly class: "code" | "keycard" | "app" | "dailyCode";
        readonly pending: boolean;
        /** while a code changes: the old one first, then the new one */
        readonly faces: readonly {
          /** null: not to be shown, or none */
          readonly code: string | null;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          readonly suspended: boolean;
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          readonly since: number;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          readonly warnings: readonly ("delay_in_setting_on_device" | "delay_in_removing_from_device")[];
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
        }[];
      }[];
    };
  };
  readonly dailyCode: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: {
      /** one of the two; left out: told in the answer */
      readonly to?:
        | {
            readonly email?: string | undefined;
            /** with its country's prefix */
            readonly phone?: string | undefined;
          }
        | undefined;
    };
    readonly answer: {
      /** null: it was sent */
      readonly code: string | null;
      readonly sentTo: "email" | "phone" | null;
      /** the door's local day, as 2026-11-21 */
      readonly day: string;
      /** the midnight that ends its day */
      readonly validUntil: number;
      /** the lock may take it until then, unless the next day's is used before */
      readonly opensAtLatestUntil: number;
      readonly limits: readonly string[];
    };
  };
  readonly setDailyCode: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: { readonly enabled: boolean };
    readonly answer: {
      readonly enabled: boolean;
      /** a sync will make it so */
      readonly pending: boolean;
    };
  };
  readonly fetchParcels: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: { readonly tags?: readonly string[] | undefined };
    readonly answer: {
      readonly parcels: readonly string[];
      /** doors were left out: ask by tags */
      readonly more: boolean;
    };
  };
  readonly deliverSlips: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: { readonly slips: readonly string[] };
    readonly answer: {
      readonly slips: readonly {
        readonly outcome: string;
        readonly doorId: string | null;
        readonly version: number | null;
        readonly refusal: string | null;
        readonly events: number;
      }[];
    };
  };
  readonly reportVisit: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      /** how a lock shows itself, in hex */
      readonly tag: string;
      readonly outcome: string;
      readonly version?: number | undefined;
      readonly conditions: readonly string[];
      /** when the visit was; left out: just now. A phone tells what it met without a network later */
      readonly secondsAgo?: number | undefined;
    };
    readonly answer: undefined;
  };
  readonly askTime: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      readonly lockId: string;
      readonly epoch: number;
      /** 16 bytes, base64url */
      readonly nonce: string;
    };
    readonly answer: {
      /** base64url */
      readonly token: string;
    };
  };
  readonly appKey: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly appKey: {
        readonly phoneId: string;
        /** the phone that asks */
        readonly isThis: boolean;
        readonly enrolledAt: number;
      } | null;
    };
  };
  readonly enrolAppKey: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: {
      /** Ed25519, in hex */
      readonly publicKey: string;
      /** signature by that key over `doorsync/1 app key PHONE-ID`, base64url */
      readonly proof: string;
      /** in place of another phone of one's own */
      readonly replace?: boolean | undefined;
    };
    readonly answer: {
      readonly phoneId: string;
      /** the phone that asks */
      readonly isThis: boolean;
      readonly enrolledAt: number;
    };
  };
  readonly endAppKey: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: undefined;
  };
  readonly fetchCapabilities: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly capabilities: readonly {
        readonly doorId: string;
        readonly door: string;
        /** hex */
        readonly lockId: string;
        /** hex */
        readonly lockTag: string;
        readonly epoch: number;
        /** hex */
        readonly dh: string;
        /** CWT (RFC 8392), base64url */
        readonly capability: string;
        readonly notAfter: number;
        readonly minTableVersion: number;
      }[];
      readonly refused: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly denial: string;
        readonly why: string;
      }[];
    };
  };
  readonly properties: {
    readonly params: undefined;
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly properties: readonly {
        readonly id: string;
        readonly name: string;
        readonly roles: readonly ("resident" | "guest" | "host" | "manager" | "vendor")[];
      }[];
    };
  };
  readonly property: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly id: string;
      readonly name: string;
      readonly policy: {
        readonly sixDigits: boolean;
        readonly customCodes: boolean;
        readonly codePolicy: "literal" | "hardened";
        readonly appVersionMin: string;
        readonly deliveryDoorKinds: readonly ("residence" | "buildingEntrance" | "communal" | "service")[];
        readonly deliveryHours: number;
        readonly dailyCodesPerDayMax: number;
        readonly dailyRecipientsNewPerDayMax: number;
        readonly picksPerDayMax: number;
        readonly delayHours: number;
        readonly capabilityHours: number;
      };
      /** hours a code lives without a newer table; 0: until removed */
      readonly leaseHours: number;
      readonly house: {
        /** null: as the protocol recommends */
        readonly autoRelockSeconds: number | null;
        /** null: as the protocol recommends */
        readonly wrongCodeEntryLimit: number | null;
        /** null: as the protocol recommends */
        readonly userCodeTemporaryDisableSeconds: number | null;
        /** null: as the protocol recommends */
        readonly wrongCodesPerDayMax: number | null;
        /** raising it ends every daily doorcode given out before, at each door with its next sync */
        readonly dailyGeneration: number;
        /** local time is UTC plus the offset, from each of these seconds on */
        readonly zone: readonly { readonly at: number; readonly offsetMinutes: number }[];
        readonly holidays: readonly { readonly start: number; readonly end: number }[];
      };
    };
  };
  readonly setPolicy: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: {
      readonly sixDigits?: boolean | undefined;
      readonly customCodes?: boolean | undefined;
      readonly codePolicy?: "literal" | "hardened" | undefined;
      readonly appVersionMin?: string | undefined;
      readonly deliveryDoorKinds?:
        | readonly ("residence" | "buildingEntrance" | "communal" | "service")[]
        | undefined;
      readonly deliveryHours?: number | undefined;
      readonly dailyCodesPerDayMax?: number | undefined;
      readonly dailyRecipientsNewPerDayMax?: number | undefined;
      readonly picksPerDayMax?: number | undefined;
      readonly delayHours?: number | undefined;
      readonly capabilityHours?: number | undefined;
      readonly leaseHours?: number | undefined;
      readonly house?:
        | {
            /** null: as the protocol recommends */
            readonly autoRelockSeconds?: number | null | undefined;
            /** null: as the protocol recommends */
            readonly wrongCodeEntryLimit?: number | null | undefined;
            /** null: as the protocol recommends */
            readonly userCodeTemporaryDisableSeconds?: number | null | undefined;
            /** null: as the protocol recommends */
            readonly wrongCodesPerDayMax?: number | null | undefined;
            /** raising it ends every daily doorcode given out before, at each door with its next sync */
            readonly dailyGeneration?: number | undefined;
            /** local time is UTC plus the offset, from each of these seconds on */
            readonly zone?: readonly { readonly at: number; readonly offsetMinutes: number }[] | undefined;
            readonly holidays?: readonly { readonly start: number; readonly end: number }[] | undefined;
          }
        | undefined;
    };
    readonly answer: {
      readonly id: string;
      readonly name: string;
      readonly policy: {
        readonly sixDigits: boolean;
        readonly customCodes: boolean;
        readonly codePolicy: "literal" | "hardened";
        readonly appVersionMin: string;
        readonly deliveryDoorKinds: readonly ("residence" | "buildingEntrance" | "communal" | "service")[];
        readonly deliveryHours: number;
        readonly dailyCodesPerDayMax: number;
        readonly dailyRecipientsNewPerDayMax: number;
        readonly picksPerDayMax: number;
        readonly delayHours: number;
        readonly capabilityHours: number;
      };
      /** hours a code lives without a newer table; 0: until removed */
      readonly leaseHours: number;
      readonly house: {
        /** null: as the protocol recommends */
        readonly autoRelockSeconds: number | null;
        /** null: as the protocol recommends */
        readonly wrongCodeEntryLimit: number | null;
        /** null: as the protocol recommends */
        readonly userCodeTemporaryDisableSeconds: number | null;
        /** null: as the protocol recommends */
        readonly wrongCodesPerDayMax: number | null;
        /** raising it ends every daily doorcode given out before, at each door with its next sync */
        readonly dailyGeneration: number;
        /** local time is UTC plus the offset, from each of these seconds on */
        readonly zone: readonly { readonly at: number; readonly offsetMinutes: number }[];
        readonly holidays: readonly { readonly start: number; readonly end: number }[];
      };
    };
  };
  readonly units: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: { readonly units: readonly { readonly id: string; readonly name: string }[] };
  };
  readonly addUnit: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: { readonly name: string };
    readonly answer: { readonly id: string; readonly name: string };
  };
  readonly doors: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly doors: readonly {
        readonly id: string;
        readonly name: string;
        readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
        readonly link: string;
        readonly unitId: string | null;
        readonly unit: string | null;
        readonly lock: "absent" | "offered" | "commissioned" | "owned";
        readonly provenVersion: number | null;
        readonly newestVersion: number | null;
        readonly lastSync: { readonly lockSeconds: number; readonly receivedAt: number } | null;
        readonly counts: {
          readonly unset: number;
          readonly setting: number;
          readonly set: number;
          readonly removing: number;
          readonly unknown: number;
        };
        readonly pending: boolean;
        readonly waitingSince: number | null;
        /** something waits longer than the property finds usual */
        readonly delayed: boolean;
        /** the lock signed for a table that was never issued */
        readonly alarm: boolean;
        /** as of the door itself, in one word */
        readonly health: string;
      }[];
    };
  };
  readonly addDoor: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: {
      readonly name: string;
      readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
      readonly unit?: string | undefined;
      readonly link?: "offline" | "connected" | "both" | undefined;
    };
    readonly answer: {
      readonly id: string;
      readonly name: string;
      readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
    };
  };
  readonly audit: {
    readonly params: { readonly property: string };
    readonly query: { readonly before?: string | undefined; readonly count?: string | undefined };
    readonly body: undefined;
    readonly answer: {
      readonly decisions: readonly {
        readonly id: number;
        readonly at: number;
        readonly action: string;
        /** granted, or the name of the denial */
        readonly decision: string;
        readonly detail: string | null;
        readonly actor: string | null;
        readonly doorId: string | null;
        /** further doors that the request named */
        readonly doors: readonly string[];
        readonly personId: string | null;
        readonly person: string | null;
      }[];
    };
  };
  readonly people: {
    readonly params: { readonly property: string };
    readonly query: {
      /** part of a name */
      readonly find?: string | undefined;
      readonly skip?: string | undefined;
      readonly count?: string | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly people: readonly {
        readonly id: string;
        readonly name: string;
        readonly standings: readonly {
          readonly role: "resident" | "guest" | "host" | "manager" | "vendor";
          readonly unitId: string | null;
          readonly unit: string | null;
          /** the next grant brings it back */
          readonly revoked: boolean;
        }[];
        readonly suspended: { readonly since: number; readonly reason: string } | null;
        readonly account: { readonly email: string; readonly hasPassword: boolean } | null;
        readonly guest: { readonly hostId: string; readonly kind: string | null } | null;
        readonly doors: number;
      }[];
      readonly more: boolean;
    };
  };
  readonly addPerson: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: {
      readonly name: string;
      readonly email?: string | undefined;
      readonly role: "resident" | "guest" | "host" | "manager";
      readonly unit?: string | undefined;
    };
    readonly answer: { readonly personId: string; readonly invited: boolean };
  };
  readonly grantAccess: {
    readonly params: { readonly property: string; readonly person: string };
    readonly query: undefined;
    readonly body: {
      readonly doors: readonly string[];
      /** digits: 4 or 6 */
      readonly length?: number | undefined;
    };
    readonly answer: {
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly codes: readonly {
          readonly class: "code" | "keycard" | "app" | "dailyCode";
          /** digits; 0 for what has none of its own */
          readonly length: number;
          readonly createdAt: number;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          /** the door is to know it and not to open to it */
          readonly suspended: boolean;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
          /** false: told because it may open */
          readonly changed: boolean;
        }[];
        /** told this once, and only of somebody who has no account to see them in */
        readonly digits: string | null;
      }[];
    };
  };
  readonly revokeAll: {
    readonly params: { readonly property: string; readonly person: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly codes: readonly {
          readonly class: "code" | "keycard" | "app" | "dailyCode";
          /** digits; 0 for what has none of its own */
          readonly length: number;
          readonly createdAt: number;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          /** the door is to know it and not to open to it */
          readonly suspended: boolean;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
          /** false: told because it may open */
          readonly changed: boolean;
        }[];
      }[];
      /** guests whom this person invited: they keep their codes until those are taken back */
      readonly guests: readonly { readonly id: string; readonly name: string; readonly doors: number }[];
      /** daily doorcodes this person gave out: they open until then, whatever else is done */
      readonly dailyCodes: readonly {
        readonly doorId: string;
        readonly door: string;
        /** the door's local day, as 2026-11-21 */
        readonly day: string;
        readonly givenAt: number;
        readonly opensUntil: number;
        /** where it was sent; null: told in the answer */
        readonly to: string | null;
      }[];
      /** mechanical keys that this person has: no lock knows of them, and nothing but asking takes them back */
      readonly keys: readonly {
        readonly id: string;
        readonly doorId: string;
        readonly door: string;
        readonly label: string;
        readonly givenAt: number;
      }[];
    };
  };
  readonly revokeDoor: {
    readonly params: { readonly property: string; readonly person: string; readonly door: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly codes: readonly {
          readonly class: "code" | "keycard" | "app" | "dailyCode";
          /** digits; 0 for what has none of its own */
          readonly length: number;
          readonly createdAt: number;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          /** the door is to know it and not to open to it */
          readonly suspended: boolean;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
          /** false: told because it may open */
          readonly changed: boolean;
        }[];
      }[];
      /** guests whom this person invited: they keep their codes until those are taken back */
      readonly guests: readonly { readonly id: string; readonly name: string; readonly doors: number }[];
      /** daily doorcodes this person gave out: they open until then, whatever else is done */
      readonly dailyCodes: readonly {
        readonly doorId: string;
        readonly door: string;
        /** the door's local day, as 2026-11-21 */
        readonly day: string;
        readonly givenAt: number;
        readonly opensUntil: number;
        /** where it was sent; null: told in the answer */
        readonly to: string | null;
      }[];
      /** mechanical keys that this person has: no lock knows of them, and nothing but asking takes them back */
      readonly keys: readonly {
        readonly id: string;
        readonly doorId: string;
        readonly door: string;
        readonly label: string;
        readonly givenAt: number;
      }[];
    };
  };
  readonly regrant: {
    readonly params: { readonly property: string; readonly person: string };
    readonly query: undefined;
    readonly body: { readonly doors?: readonly string[] | undefined };
    readonly answer: {
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly codes: readonly {
          readonly class: "code" | "keycard" | "app" | "dailyCode";
          /** digits; 0 for what has none of its own */
          readonly length: number;
          readonly createdAt: number;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          /** the door is to know it and not to open to it */
          readonly suspended: boolean;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
          /** false: told because it may open */
          readonly changed: boolean;
        }[];
        /** told this once, and only of somebody who has no account to see them in */
        readonly digits: string | null;
      }[];
      /** guests whom this person invited: they keep their codes until those are taken back */
      readonly guests: readonly { readonly id: string; readonly name: string; readonly doors: number }[];
      /** daily doorcodes this person gave out: they open until then, whatever else is done */
      readonly dailyCodes: readonly {
        readonly doorId: string;
        readonly door: string;
        /** the door's local day, as 2026-11-21 */
        readonly day: string;
        readonly givenAt: number;
        readonly opensUntil: number;
        /** where it was sent; null: told in the answer */
        readonly to: string | null;
      }[];
      /** mechanical keys that this person has: no lock knows of them, and nothing but asking takes them back */
      readonly keys: readonly {
        readonly id: string;
        readonly doorId: string;
        readonly door: string;
        readonly label: string;
        readonly givenAt: number;
      }[];
    };
  };
  readonly suspend: {
    readonly params: { readonly property: string; readonly person: string };
    readonly query: undefined;
    readonly body: { readonly reason: "stolen" | "lost" | "other" };
    readonly answer: {
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly codes: readonly {
          readonly class: "code" | "keycard" | "app" | "dailyCode";
          /** digits; 0 for what has none of its own */
          readonly length: number;
          readonly createdAt: number;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          /** the door is to know it and not to open to it */
          readonly suspended: boolean;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
          /** false: told because it may open */
          readonly changed: boolean;
        }[];
      }[];
      /** where a phone is in other hands, it is logged out */
      readonly sessionsEnded: boolean;
      /** guests whom this person invited: they keep their codes until those are taken back */
      readonly guests: readonly { readonly id: string; readonly name: string; readonly doors: number }[];
      /** daily doorcodes this person gave out: they open until then, whatever else is done */
      readonly dailyCodes: readonly {
        readonly doorId: string;
        readonly door: string;
        /** the door's local day, as 2026-11-21 */
        readonly day: string;
        readonly givenAt: number;
        readonly opensUntil: number;
        /** where it was sent; null: told in the answer */
        readonly to: string | null;
      }[];
      /** mechanical keys that this person has: no lock knows of them, and nothing but asking takes them back */
      readonly keys: readonly {
        readonly id: string;
        readonly doorId: string;
        readonly door: string;
        readonly label: string;
        readonly givenAt: number;
      }[];
    };
  };
  readonly resume: {
    readonly params: { readonly property: string; readonly person: string };
    readonly query: undefined;
    readonly body: { readonly newCodes?: boolean | undefined };
    readonly answer: {
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly codes: readonly {
          readonly class: "code" | "keycard" | "app" | "dailyCode";
          /** digits; 0 for what has none of its own */
          readonly length: number;
          readonly createdAt: number;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          /** the door is to know it and not to open to it */
          readonly suspended: boolean;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
          /** false: told because it may open */
          readonly changed: boolean;
        }[];
        /** told this once, and only of somebody who has no account to see them in */
        readonly digits: string | null;
      }[];
      readonly newCodes: boolean;
    };
  };
  readonly doubtedDoors: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly since: number;
        /** what the lock signed for; null: it has not contradicted these books yet */
        readonly lockVersion: number | null;
        readonly booksVersion: number;
        /** who opens there by these books */
        readonly opens: readonly {
          readonly personId: string;
          readonly person: string;
          readonly class: "code" | "keycard" | "app" | "dailyCode";
        }[];
      }[];
    };
  };
  readonly trustBooks: {
    readonly params: { readonly property: string };
    readonly query: undefined;
    readonly body: { readonly doors: readonly string[] };
    readonly answer: {
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly since: number;
        /** what the lock signed for; null: it has not contradicted these books yet */
        readonly lockVersion: number | null;
        readonly booksVersion: number;
        /** who opens there by these books */
        readonly opens: readonly {
          readonly personId: string;
          readonly person: string;
          readonly class: "code" | "keycard" | "app" | "dailyCode";
        }[];
      }[];
    };
  };
  readonly door: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly id: string;
      readonly name: string;
      readonly kind: "residence" | "buildingEntrance" | "communal" | "service";
      readonly link: string;
      readonly unitId: string | null;
      readonly propertyId: string;
      readonly lock: "absent" | "offered" | "commissioned" | "owned";
      readonly lockId: string | null;
      /** how the lock shows itself, in hex */
      readonly lockTag: string | null;
      readonly epoch: number | null;
      readonly provenVersion: number | null;
      readonly newestVersion: number | null;
      readonly lastSync: { readonly lockSeconds: number; readonly receivedAt: number } | null;
      readonly pending: boolean;
      readonly needsSnapshot: boolean;
      /** the lock signed for a table that was never issued */
      readonly alarm: boolean;
      readonly heldUp: "RULES_EXHAUSTED" | "IDS_EXHAUSTED" | "VERSIONS_EXHAUSTED" | "LOCK_FULL" | null;
      /** codes, cards and keys that the lock holds at most; null: not known yet */
      readonly capacity: number | null;
      readonly leaseHours: number;
      readonly codes: readonly {
        readonly class: "code" | "keycard" | "app" | "dailyCode";
        /** digits; 0 for what has none of its own */
        readonly length: number;
        readonly createdAt: number;
        readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
        readonly pending: boolean;
        /** the door is to know it and not to open to it */
        readonly suspended: boolean;
        readonly terms: {
          readonly from: number | null;
          readonly until: number | null;
          readonly uses: number | null;
          readonly minutes: number | null;
          readonly windows:
            | readonly {
                /** bit 0 is Sunday */
                readonly days: number;
                /** of the local day */
                readonly startMinute: number;
                /** not after the start: it crosses midnight */
                readonly endMinute: number;
              }[]
            | null;
        };
        /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
        readonly worksNow: boolean;
        readonly worksAfterSync: boolean;
        /** false: a courier may have made it otherwise, or uses that are not known yet */
        readonly certain: boolean;
        /** where it works now: its end without a newer table; null: none */
        readonly worksUntil: number | null;
        /** until when it may open in the worst case, if nobody brings the lock anything */
        readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
        readonly personId: string;
        readonly person: string;
        readonly credential: number | null;
        /** since when it is wished to be as it is */
        readonly since: number;
        readonly warnings: readonly ("delay_in_setting_on_device" | "delay_in_removing_from_device")[];
      }[];
      readonly health: {
        readonly state: string;
        readonly words: string;
        readonly nextSteps: readonly string[];
        readonly troubles: readonly string[];
        /** what of it only a phone said: the lock has not signed for it */
        readonly hearsay: { readonly troubles: readonly string[]; readonly at: number } | null;
        readonly lastContactAt: number | null;
      };
      /** which phone was handed what, and which was at the door without delivering it */
      readonly couriers: readonly {
        readonly phone: string | "broker";
        readonly personId: string | null;
        readonly person: string | null;
        readonly version: number;
        readonly handedAt: number;
        readonly delivered: boolean;
        readonly withheld: { readonly version: number; readonly seenAt: number } | null;
      }[];
      readonly refused: { readonly at: number; readonly name: string; readonly words: string } | null;
      /** mechanical keys that were not returned */
      readonly keys: readonly {
        readonly id: string;
        readonly personId: string;
        readonly person: string;
        readonly label: string;
        readonly givenAt: number;
      }[];
    };
  };
  readonly commissionDoor: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: {
      /** DOORSYNC:1:…, from the lock's label */
      readonly setup: string;
      /** the lock was reset from inside, or is another one */
      readonly replace?: boolean | undefined;
      readonly epochMin?: number | undefined;
      /** codes, cards and keys that the lock holds; left out: it says so once it is full */
      readonly capacity?: number | undefined;
    };
    readonly answer: { readonly epoch: number; readonly pending: boolean };
  };
  readonly doorLog: {
    readonly params: { readonly door: string };
    readonly query: { readonly before?: string | undefined; readonly count?: string | undefined };
    readonly body: undefined;
    readonly answer: {
      /** events held: 1 to this number, without a hole */
      readonly held: number;
      /** newer ones that the lock was last heard to have */
      readonly waiting: number;
      /** another history came under this lock's key */
      readonly alarm: boolean;
      readonly entries: readonly {
        readonly seq: number;
        readonly at: number;
        /** the lock did not know the time */
        readonly uncertain: boolean;
        readonly receivedAt: number;
        readonly kind: string;
        readonly detail: string | null;
        readonly source: string;
        readonly credential: number | null;
        readonly person: string | null;
        readonly version: number;
        readonly count: number;
        readonly gap: {
          readonly class: string;
          readonly count: number;
          readonly isAtLeast: boolean;
          readonly isOpen: boolean;
        } | null;
      }[];
    };
  };
  readonly doorVisits: {
    readonly params: { readonly door: string };
    readonly query: { readonly before?: string | undefined; readonly count?: string | undefined };
    readonly body: undefined;
    readonly answer: {
      readonly visits: readonly {
        readonly id: number;
        readonly at: number;
        readonly phone: string | "broker";
        readonly person: string | null;
        /** receipt: it brought the lock's signed word */
        readonly outcome: string;
        readonly version: number | null;
        readonly conditions: readonly string[];
      }[];
    };
  };
  readonly assignKeycard: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: {
      readonly person: string;
      /** what a reader reads, in hex */
      readonly card: string;
    };
    readonly answer: {
      readonly doorId: string;
      readonly door: string;
      readonly codes: readonly {
        readonly class: "code" | "keycard" | "app" | "dailyCode";
        /** digits; 0 for what has none of its own */
        readonly length: number;
        readonly createdAt: number;
        readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
        readonly pending: boolean;
        /** the door is to know it and not to open to it */
        readonly suspended: boolean;
        readonly terms: {
          readonly from: number | null;
          readonly until: number | null;
          readonly uses: number | null;
          readonly minutes: number | null;
          readonly windows:
            | readonly {
                /** bit 0 is Sunday */
                readonly days: number;
                /** of the local day */
                readonly startMinute: number;
                /** not after the start: it crosses midnight */
                readonly endMinute: number;
              }[]
            | null;
        };
        /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
        readonly worksNow: boolean;
        readonly worksAfterSync: boolean;
        /** false: a courier may have made it otherwise, or uses that are not known yet */
        readonly certain: boolean;
        /** where it works now: its end without a newer table; null: none */
        readonly worksUntil: number | null;
        /** until when it may open in the worst case, if nobody brings the lock anything */
        readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
        /** false: told because it may open */
        readonly changed: boolean;
      }[];
    };
  };
  readonly revokeKeycard: {
    readonly params: { readonly door: string; readonly person: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly doorId: string;
      readonly door: string;
      readonly codes: readonly {
        readonly class: "code" | "keycard" | "app" | "dailyCode";
        /** digits; 0 for what has none of its own */
        readonly length: number;
        readonly createdAt: number;
        readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
        readonly pending: boolean;
        /** the door is to know it and not to open to it */
        readonly suspended: boolean;
        readonly terms: {
          readonly from: number | null;
          readonly until: number | null;
          readonly uses: number | null;
          readonly minutes: number | null;
          readonly windows:
            | readonly {
                /** bit 0 is Sunday */
                readonly days: number;
                /** of the local day */
                readonly startMinute: number;
                /** not after the start: it crosses midnight */
                readonly endMinute: number;
              }[]
            | null;
        };
        /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
        readonly worksNow: boolean;
        readonly worksAfterSync: boolean;
        /** false: a courier may have made it otherwise, or uses that are not known yet */
        readonly certain: boolean;
        /** where it works now: its end without a newer table; null: none */
        readonly worksUntil: number | null;
        /** until when it may open in the worst case, if nobody brings the lock anything */
        readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
        /** false: told because it may open */
        readonly changed: boolean;
      }[];
    };
  };
  readonly noteKey: {
    readonly params: { readonly door: string };
    readonly query: undefined;
    readonly body: { readonly person: string; readonly label: string };
    readonly answer: { readonly id: string };
  };
  readonly returnKey: {
    readonly params: { readonly door: string; readonly key: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: undefined;
  };
  readonly person: {
    readonly params: { readonly property: string; readonly person: string };
    readonly query: undefined;
    readonly body: undefined;
    readonly answer: {
      readonly id: string;
      readonly name: string;
      readonly standings: readonly {
        readonly role: "resident" | "guest" | "host" | "manager" | "vendor";
        readonly unitId: string | null;
        readonly unit: string | null;
        /** the next grant brings it back */
        readonly revoked: boolean;
      }[];
      /** null: nobody's guest */
      readonly guest: {
        readonly kind: "permanent" | "temporary" | "recurring" | "delivery";
        readonly invitedBy: { readonly id: string; readonly name: string } | null;
      } | null;
      readonly suspended: { readonly since: number; readonly reason: string } | null;
      readonly account: { readonly email: string; readonly hasPassword: boolean } | null;
      readonly doors: readonly {
        readonly doorId: string;
        readonly door: string;
        readonly codes: readonly {
          readonly class: "code" | "keycard" | "app" | "dailyCode";
          /** digits; 0 for what has none of its own */
          readonly length: number;
          readonly createdAt: number;
          readonly state: "unset" | "setting" | "set" | "removing" | "removed" | "unknown";
          readonly pending: boolean;
          /** the door is to know it and not to open to it */
          readonly suspended: boolean;
          readonly terms: {
            readonly from: number | null;
            readonly until: number | null;
            readonly uses: number | null;
            readonly minutes: number | null;
            readonly windows:
              | readonly {
                  /** bit 0 is Sunday */
                  readonly days: number;
                  /** of the local day */
                  readonly startMinute: number;
                  /** not after the start: it crosses midnight */
                  readonly endMinute: number;
                }[]
              | null;
          };
          /** by the table that the lock last proved, its lease, and the code's dates and uses; within its hours */
          readonly worksNow: boolean;
          readonly worksAfterSync: boolean;
          /** false: a courier may have made it otherwise, or uses that are not known yet */
          readonly certain: boolean;
          /** where it works now: its end without a newer table; null: none */
          readonly worksUntil: number | null;
          /** until when it may open in the worst case, if nobody brings the lock anything */
          readonly exposure: { readonly kind: "gone" | "until" | "untilSync"; readonly until: number | null };
          /** false: told because it may open */
          readonly changed: boolean;
        }[];
      }[];
      /** guests whom this person invited: they keep their codes until those are taken back */
      readonly guests: readonly { readonly id: string; readonly name: string; readonly doors: number }[];
      /** daily doorcodes this person gave out: they open until then, whatever else is done */
      readonly dailyCodes: readonly {
        readonly doorId: string;
        readonly door: string;
        /** the door's local day, as 2026-11-21 */
        readonly day: string;
        readonly givenAt: number;
        readonly opensUntil: number;
        /** where it was sent; null: told in the answer */
        readonly to: string | null;
      }[];
      /** mechanical keys that this person has: no lock knows of them, and nothing but asking takes them back */
      readonly keys: readonly {
        readonly id: string;
        readonly doorId: string;
        readonly door: string;
        readonly label: string;
        readonly givenAt: number;
      }[];
    };
  };
}

export type ApiName = keyof Api;

export interface ApiRow {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** Whether saying it again after a lost answer changes nothing more: reads, and changes under one key. */
  readonly isRepeatable: boolean;
}

export const api: Readonly<Record<ApiName, ApiRow>> = {
  logIn: { method: "POST", path: "/v1/sessions", isRepeatable: false },
  logOut: { method: "DELETE", path: "/v1/sessions/current", isRepeatable: true },
  sessions: { method: "GET", path: "/v1/sessions", isRepeatable: true },
  endSessions: { method: "DELETE", path: "/v1/sessions", isRepeatable: true },
  me: { method: "GET", path: "/v1/me", isRepeatable: true },
  changePassword: { method: "PUT", path: "/v1/me/password", isRepeatable: false },
  askPasswordReset: { method: "POST", path: "/v1/password-resets", isRepeatable: false },
  resetPassword: { method: "POST", path: "/v1/password-resets/use", isRepeatable: false },
  myDoors: { method: "GET", path: "/v1/me/doors", isRepeatable: true },
  myCodes: { method: "GET", path: "/v1/me/codes", isRepeatable: true },
  resetCode: { method: "POST", path: "/v1/doors/{door}/code/reset", isRepeatable: true },
  pickCode: { method: "POST", path: "/v1/doors/{door}/code/pick", isRepeatable: true },
  inviteGuest: { method: "POST", path: "/v1/doors/{door}/guests", isRepeatable: true },
  guests: { method: "GET", path: "/v1/doors/{door}/guests", isRepeatable: true },
  revokeGuest: { method: "DELETE", path: "/v1/doors/{door}/guests/{person}", isRepeatable: true },
  dailyCode: { method: "POST", path: "/v1/doors/{door}/daily-code", isRepeatable: true },
  setDailyCode: { method: "PUT", path: "/v1/doors/{door}/daily-code", isRepeatable: true },
  fetchParcels: { method: "POST", path: "/v1/courier/parcels", isRepeatable: true },
  deliverSlips: { method: "POST", path: "/v1/courier/slips", isRepeatable: true },
  reportVisit: { method: "POST", path: "/v1/courier/visits", isRepeatable: true },
  askTime: { method: "POST", path: "/v1/courier/time", isRepeatable: true },
  appKey: { method: "GET", path: "/v1/me/app-key", isRepeatable: true },
  enrolAppKey: { method: "PUT", path: "/v1/me/app-key", isRepeatable: true },
  endAppKey: { method: "DELETE", path: "/v1/me/app-key", isRepeatable: true },
  fetchCapabilities: { method: "POST", path: "/v1/courier/capabilities", isRepeatable: true },
  properties: { method: "GET", path: "/v1/properties", isRepeatable: true },
  property: { method: "GET", path: "/v1/properties/{property}", isRepeatable: true },
  setPolicy: { method: "PATCH", path: "/v1/properties/{property}", isRepeatable: true },
  units: { method: "GET", path: "/v1/properties/{property}/units", isRepeatable: true },
  addUnit: { method: "POST", path: "/v1/properties/{property}/units", isRepeatable: true },
  doors: { method: "GET", path: "/v1/properties/{property}/doors", isRepeatable: true },
  addDoor: { method: "POST", path: "/v1/properties/{property}/doors", isRepeatable: true },
  audit: { method: "GET", path: "/v1/properties/{property}/audit", isRepeatable: true },
  people: { method: "GET", path: "/v1/properties/{property}/people", isRepeatable: true },
  addPerson: { method: "POST", path: "/v1/properties/{property}/people", isRepeatable: true },
  grantAccess: {
    method: "POST",
    path: "/v1/properties/{property}/people/{person}/grants",
    isRepeatable: true,
  },
  revokeAll: {
    method: "DELETE",
    path: "/v1/properties/{property}/people/{person}/grants",
    isRepeatable: true,
  },
  revokeDoor: {
    method: "DELETE",
    path: "/v1/properties/{property}/people/{person}/grants/{door}",
    isRepeatable: true,
  },
  regrant: { method: "POST", path: "/v1/properties/{property}/people/{person}/regrant", isRepeatable: true },
  suspend: { method: "POST", path: "/v1/properties/{property}/people/{person}/suspend", isRepeatable: true },
  resume: { method: "POST", path: "/v1/properties/{property}/people/{person}/resume", isRepeatable: true },
  doubtedDoors: { method: "GET", path: "/v1/properties/{property}/books", isRepeatable: true },
  trustBooks: { method: "PUT", path: "/v1/properties/{property}/books", isRepeatable: true },
  door: { method: "GET", path: "/v1/doors/{door}", isRepeatable: true },
  commissionDoor: { method: "POST", path: "/v1/doors/{door}/commission", isRepeatable: true },
  doorLog: { method: "GET", path: "/v1/doors/{door}/log", isRepeatable: true },
  doorVisits: { method: "GET", path: "/v1/doors/{door}/visits", isRepeatable: true },
  assignKeycard: { method: "POST", path: "/v1/doors/{door}/keycards", isRepeatable: true },
  revokeKeycard: { method: "DELETE", path: "/v1/doors/{door}/keycards/{person}", isRepeatable: true },
  noteKey: { method: "POST", path: "/v1/doors/{door}/keys", isRepeatable: true },
  returnKey: { method: "DELETE", path: "/v1/doors/{door}/keys/{key}", isRepeatable: true },
  person: { method: "GET", path: "/v1/properties/{property}/people/{person}", isRepeatable: true },
};

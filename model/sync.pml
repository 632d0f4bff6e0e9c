/*
 * One authority, one lock, and a courier who may withhold, delay, repeat and reorder everything: versions of a table,
 * A/B slots, power cuts, receipts, a reset, leases and a window. It tries all interleavings of these few things, where
 * tests take samples. Not a model of the protocol's bytes, of cryptography (a receipt cannot be forged, an update
 * cannot be altered) or of more than one lock.
 *
 * Version 1 holds code A. Version 2 drops A and adds code B, which has a window of its own. Version 3 drops B.
 * Faults are planted with -DBUG_...; scripts/model.mjs says which claim each of them must break.
 * Spin 6.5 takes a new line before && for the end of the statement: guards stay on one line.
 */
#define MAXV  3
#define DROPA 2                 /* first version without A                    */
#define ADDB  2                 /* first version with B                       */
#define DROPB 3                 /* first version without B                    */
#define LEASE 3                 /* a code dies so long after its table's issue */
#define LIFE  2                 /* an update is refused so long after its issue */
#define OPENB 2                 /* B's window: OPENB <= time < SHUTB          */
#define SHUTB 5
#define TMAX  7

/* The authority */
byte issued = 1;
byte issuedAt[4];               /* by version; of 1: when the lock was set up */
bool goneA, goneB, setB;        /* what the property tells people             */

/* The lock's flash; the courier */
byte slotVer[2]; bool slotOk[2]; byte slotAt[2]; bit act;
byte epoch;                     /* rises with each reset                      */
byte rcpt[2];                   /* by epoch: greatest version ever signed for */

/* Time, and the lock's idea of it */
byte now, lockT;

/* For the claims only */
byte maxInst = 1;
bool tookLate;

#define instV slotVer[act]
#define lifeOver(v, t) (t > issuedAt[v] + LIFE)

#if defined(BUG_LEASE_FROM_INSTALL) || defined(BUG_ALREADY_RENEWS)
#define anchor slotAt[act]
#else
#define anchor issuedAt[instV]
#endif
#define leased (lockT < anchor + LEASE)

#ifdef BUG_NO_WINDOW
#define inWindow true
#else
#define inWindow (lockT >= OPENB && lockT < SHUTB)
#endif

#define opensA (instV < DROPA && leased)
#define opensB (instV >= ADDB && instV < DROPB && leased && inWindow)

#ifdef BUG_NO_EPOCH
#define proven(v) (rcpt[0] >= v || rcpt[1] >= v)
#else
#define proven(v) (rcpt[epoch] >= v)
#endif

inline sign(v) { if :: v > rcpt[epoch] -> rcpt[epoch] = v :: else fi }

init { atomic { slotVer[0] = 1; slotOk[0] = true; run Authority(); run Lock(); run Clock() } }

proctype Clock() {
  do
  :: atomic { now < TMAX -> now++;
#ifdef BUG_CLOCK_ROLLBACK
       if :: lockT++ :: lockT = 0 fi              /* a battery pull sets it back */
#else
       lockT++                                    /* a floor in flash: it never falls */
#endif
     }
  od
}

proctype Authority() {
  do
  :: atomic { issued < MAXV -> issued++; issuedAt[issued] = now }
#ifdef BUG_SENT_IS_DONE
  :: atomic { issued >= DROPA && !goneA -> goneA = true }
  :: atomic { issued >= DROPB && !goneB -> goneB = true }
  :: atomic { issued >= ADDB && !setB -> setB = true }
#endif
  :: atomic { proven(DROPA) && !goneA -> goneA = true }
  :: atomic { proven(DROPB) && !goneB -> goneB = true }
  :: atomic { proven(ADDB) && !setB -> setB = true }
  od
}

proctype Lock() {
  byte v; bit t;
  do
  :: atomic {                                     /* any version ever issued, in any order, at any time */
       if :: v = 1 :: v = 2 :: v = 3 fi;
       if :: v > issued -> goto next :: else fi;
#ifdef BUG_ALREADY_RENEWS
       if :: v == instV -> slotAt[act] = lockT :: else fi;
#endif
#ifndef BUG_NO_MONO
       if :: v <= instV -> goto next :: else fi;
#endif
#ifndef BUG_NO_LIFE
       if :: lifeOver(v, lockT) -> goto next :: else fi;
#endif
       if :: lifeOver(v, now) -> tookLate = true :: else fi;
       t = 1 - act;
#ifdef BUG_INPLACE
       t = act;
#endif
     };
#ifdef BUG_RCPT_EARLY
     atomic { sign(v) };
#endif
#ifdef BUG_COMMIT_FIRST
     atomic { slotOk[t] = false; act = t };
     if :: skip :: goto next fi;
#endif
     slotOk[t] = false;                           /* erase; from here on power may fail between any two steps */
     if :: skip :: goto next fi;
     atomic { slotVer[t] = v; slotAt[t] = (v == 1 -> issuedAt[1] : lockT) };
     if :: skip :: goto next fi;
     slotOk[t] = true;                            /* read back */
     if :: skip :: goto next fi;
     act = t;                                     /* one commit word */
     if :: skip :: goto next fi;
     atomic { if :: sign(instV) :: skip fi };     /* the receipt, which may be lost */
next: atomic { v = 0; t = 0; if :: instV > maxInst -> maxInst = instV :: else fi }
  :: atomic { instV > rcpt[epoch] -> rcpt[epoch] = instV }   /* the receipt again, for whoever asks */
#ifdef WITH_RESET
  :: atomic { epoch == 0 -> epoch = 1; act = 0;
       slotVer[0] = 1; slotOk[0] = true; slotAt[0] = now; slotVer[1] = 0; slotOk[1] = false; slotAt[1] = 0;
       issued = 1; issuedAt[1] = now; issuedAt[2] = 0; issuedAt[3] = 0;
       goneA = false; goneB = false; setB = false; maxInst = 1 }
#endif
  od
}

/* "Removed" is said only of codes that no longer open, "set" only of what the lock holds. */
ltl noFalseDone   { [] ((goneA -> !opensA) && (goneB -> !opensB)) }
ltl noFalseSet    { [] (setB -> instV >= ADDB) }
/* Whatever power does: the table in force is whole, and no older than it was. */
ltl neverTorn     { [] (instV > 0 -> slotOk[act]) }
ltl noRollback    { [] (instV == 0 || instV >= maxInst) }
/* A courier who withholds everything gains the lease and no more; one who delivers late gains nothing. */
ltl freezeBound   { [] (now >= issuedAt[1] + LEASE -> !opensA) }
ltl lateBound     { [] (now >= issuedAt[2] + LEASE -> !opensB) }
ltl windowHolds   { [] (opensB -> (now >= OPENB && now < SHUTB)) }
ltl nothingLate   { [] (!tookLate) }

-- Names, numbers and bounds of the protocol. Made from the code by test/radio/dissector/make.ts, and held to it by a
-- test: not to be changed here.
return {
  suite = "doorsync/1",
  protocolVersion = 1,
  uuids = {
    service = "5d6f0001-d005-4c9e-a1b2-6c6f636b7379",
    hello = "5d6f0002-d005-4c9e-a1b2-6c6f636b7379",
    inbox = "5d6f0003-d005-4c9e-a1b2-6c6f636b7379",
    outbox = "5d6f0004-d005-4c9e-a1b2-6c6f636b7379",
  },
  frame = {
    first = 128,
    last = 64,
    sequences = 64,
  },
  messages = {
    [1] = {
      name = "hello",
      toLock = 1,
      toPhone = 64,
    },
    [2] = {
      name = "update",
      toLock = 512,
    },
    [3] = {
      name = "manifest",
      toLock = 512,
    },
    [4] = {
      name = "receipt",
      toLock = 0,
      toPhone = 128,
    },
    [5] = {
      name = "time",
      toLock = 128,
    },
    [6] = {
      name = "chunk",
      toLock = 2048,
    },
    [7] = {
      name = "next",
      toPhone = 16,
    },
    [8] = {
      name = "refusal",
      toPhone = 16,
    },
    [10] = {
      name = "commission",
      toLock = 512,
      toPhone = 512,
    },
    [11] = {
      name = "rotation",
      toLock = 512,
    },
    [12] = {
      name = "pull",
      toLock = 8,
    },
    [13] = {
      name = "segment",
      toPhone = 2048,
    },
    [14] = {
      name = "ack",
      toLock = 128,
    },
    [16] = {
      name = "unlock-start",
      toLock = 48,
      toPhone = 48,
    },
    [17] = {
      name = "unlock",
      toLock = 256,
    },
    [18] = {
      name = "unlocked",
      toPhone = 32,
    },
  },
  refusals = {
    [1] = {
      name = "REJECTED",
      meaning = "not accepted; nothing more is said before a signature is verified",
      remedy = "fetch the update for this lock again",
    },
    [2] = {
      name = "BUSY",
      meaning = "the lock is occupied (storage or signature budget)",
      remedy = "try again after the given number of seconds",
    },
    [3] = {
      name = "TOO_LARGE",
      meaning = "longer than the bound of its message type",
      remedy = "send within the documented bound",
    },
    [4] = {
      name = "UNSUPPORTED",
      meaning = "message type or protocol version not known to this lock",
      remedy = "update the app",
    },
    [17] = {
      name = "STALE",
      meaning = "older than the table the lock holds (detail: the held version)",
      remedy = "none needed: a newer table is in force",
    },
    [18] = {
      name = "NEED_SNAPSHOT",
      meaning = "the delta does not fit the table the lock holds (detail: the held version)",
      remedy = "fetch a delta from the held version, or a snapshot",
    },
    [19] = {
      name = "EXPIRED",
      meaning = "too old to be delivered: notAfter has passed by the lock's own lower time bound",
      remedy = "go online, fetch a fresh bundle, sync again",
    },
    [20] = {
      name = "CONFLICT",
      meaning = "same version as held, other content",
      remedy = "the authority issues a newer version; look for a restored backup",
    },
    [21] = {
      name = "BODY_INVALID",
      meaning = "the sealed body does not open, or does not mean anything",
      remedy = "the authority issues the update again",
    },
    [22] = {
      name = "DUPLICATE",
      meaning = "two credentials of the new table share a tag (detail: the credential's id)",
      remedy = "the authority draws another code",
    },
    [23] = {
      name = "RESOURCE_EXHAUSTED",
      meaning = "more items than this lock's profile holds",
      remedy = "remove credentials, or fit a lock with a larger profile",
    },
    [24] = {
      name = "STORAGE",
      meaning = "the flash did not read back what was programmed",
      remedy = "try once more; then replace the lock",
    },
    [32] = {
      name = "SYNC_FIRST",
      meaning = "the lock's table is older than the capability asks for (detail: the held version)",
      remedy = "sync the lock, then unlock again",
    },
    [33] = {
      name = "TIME_NEEDED",
      meaning = "the lock cannot tell whether the capability is good now",
      remedy = "bring the lock the time, then unlock again",
    },
    [34] = {
      name = "DENIED",
      meaning = "the door stays shut for this device",
      remedy = "fetch a fresh capability; if it stays so, ask who manages the door",
    },
  },
  helloFlags = {
    {
      name = "factory",
      mask = 1,
    },
    {
      name = "wantsSnapshot",
      mask = 2,
    },
    {
      name = "damaged",
      mask = 4,
    },
    {
      name = "wantsTime",
      mask = 8,
    },
    {
      name = "lowBattery",
      mask = 16,
    },
    {
      name = "jammed",
      mask = 32,
    },
    {
      name = "doorAjar",
      mask = 64,
    },
    {
      name = "rebooting",
      mask = 128,
    },
    {
      name = "logWaiting",
      mask = 256,
    },
  },
  receiptFlags = {
    {
      name = "damaged",
      mask = 1,
    },
    {
      name = "timeUnknown",
      mask = 2,
    },
    {
      name = "lowBattery",
      mask = 16,
    },
    {
      name = "jammed",
      mask = 32,
    },
    {
      name = "doorAjar",
      mask = 64,
    },
    {
      name = "rebooting",
      mask = 128,
    },
    {
      name = "logWaiting",
      mask = 256,
    },
  },
  hintFlags = {
    {
      name = "factory",
      mask = 1,
    },
    {
      name = "wantsSnapshot",
      mask = 2,
    },
    {
      name = "damaged",
      mask = 4,
    },
    {
      name = "wantsTime",
      mask = 8,
    },
    {
      name = "logWaiting",
      mask = 16,
    },
  },
  credentialClasses = {
    [1] = "code",
    [2] = "keycard",
    [3] = "app",
    [4] = "dailyCode",
  },
  profiles = {
    [0] = "residence",
    [1] = "buildingEntrance",
    [2] = "communal",
    [3] = "service",
  },
  itemKinds = {
    {
      kind = "settings",
      first = 0,
      last = 0,
    },
    {
      kind = "rule",
      first = 1,
      last = 32767,
    },
    {
      kind = "zone",
      first = 32768,
      last = 33023,
    },
    {
      kind = "holiday",
      first = 33024,
      last = 33279,
    },
    {
      kind = "credential",
      first = 65536,
      last = 16777215,
    },
  },
  limits = {
    cborDepthMax = 5,
    integerMax = 9007199254740991,
    messageBytesMax = 2048,
    updateBytesMax = 512,
    frameBytesMax = 514,
    itemsPerChunkMax = 64,
    removesPerUpdateMax = 64,
    tableItemsBesideCodesMax = 512,
    capacityMax = 10000,
    chunksMax = 165,
    versionMax = 4294967295,
    versionLeapMax = 65536,
    secondsMax = 4294967295,
    secondsNever = 4294967295,
    lifeHoursMax = 8760,
    eventSeqMax = 4294967295,
    segmentEventsMax = 81,
    flagsMax = 65535,
  },
}

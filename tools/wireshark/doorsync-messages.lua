-- What a message's body says, field by field, and nothing else: layouts as tables, and the strict reader that fits
-- bytes to them. It draws no tree (doorsync.lua) and opens no seal (doorsync-seal.lua). A body fits wholly or not at all,
-- by the rules of docs/SPEC.md: deterministic CBOR of integers, byte strings and arrays; COSE in its one spelling.
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
local tables = dofile(here .. "doorsync-tables.lua")
local limits = tables.limits

-- ---- CBOR ----

-- The head at `at` (from 1): major type, argument, and where its content begins; nil outside the profile.
local function head(s, at)
  local first = s:byte(at)
  if not first then return nil end
  local major, info = math.floor(first / 32), first % 32
  if info < 24 then return major, info, at + 1 end
  local width = ({ [24] = 1, [25] = 2, [26] = 4, [27] = 8 })[info]
  if not width or at + width > #s then return nil end
  local value = 0
  for i = 1, width do value = value * 256 + s:byte(at + i) end
  local least = ({ 24, 256, nil, 65536, nil, nil, nil, 4294967296 })[width]
  if value < least or value > limits.integerMax then return nil end
  return major, value, at + 1 + width
end

-- One item of the profile as { kind, at, length, value | dataAt, dataLength | items }; offsets from 0, as a tvb's.
local function item(s, at, depth)
  local major, argument, next = head(s, at)
  if major == 0 then return { kind = "uint", at = at - 1, length = next - at, value = argument } end
  if major == 2 then
    if argument > #s - next + 1 then return nil end
    return { kind = "bytes", at = at - 1, length = next - at + argument, dataAt = next - 1, dataLength = argument }
  end
  if major ~= 4 or depth == limits.cborDepthMax or argument > #s - next + 1 then return nil end
  local items = {}
  for i = 1, argument do
    local inner = item(s, next, depth + 1)
    if not inner then return nil end
    items[i] = inner
    next = inner.at + inner.length + 1
  end
  return { kind = "array", at = at - 1, length = next - at, items = items }
end

-- ---- Fields ----

-- A reading is a list of { name, at, length, value }; value only where it is a number.

local function uint(name, max)
  return { name = name, type = max > limits.versionMax and "uint64" or "uint32", read = function(node, _, out)
    if node.kind ~= "uint" or node.value > max then return false end
    out[#out + 1] = { name = name, at = node.at, length = node.length, value = node.value }
    return true
  end }
end

local function seconds(name)
  local field = uint(name, limits.secondsMax)
  field.isTime = true
  return field
end

local function flags(name, names)
  local field = uint(name, limits.flagsMax)
  field.flags = names
  return field
end

local function bytes(name, min, max)
  return { name = name, type = "bytes", read = function(node, _, out)
    if node.kind ~= "bytes" or node.dataLength < min or node.dataLength > (max or min) then return false end
    out[#out + 1] = { name = name, at = node.dataAt, length = node.dataLength }
    return true
  end }
end

-- A record inside another; `least`: its last fields may be missing.
local function record(fields, least)
  return { fields = fields, read = function(node, s, out)
    if node.kind ~= "array" or #node.items > #fields or #node.items < (least or #fields) then return false end
    for i, inner in ipairs(node.items) do
      if not fields[i].read(inner, s, out) then return false end
    end
    return true
  end }
end

-- The wire version: another one is another protocol.
local function constant(name, value)
  local field = uint(name, value)
  local read = field.read
  field.read = function(node, s, out) return read(node, s, out) and node.value == value end
  return field
end

-- Where a half-received stream stands: nothing, or a version and the chunk it waits for.
local function resume(versionName, chunkName)
  local fields = { uint(versionName, limits.versionMax), uint(chunkName, limits.versionMax) }
  return { fields = fields, read = function(node, s, out)
    if node.kind ~= "array" or (#node.items ~= 0 and #node.items ~= 2) then return false end
    for i, inner in ipairs(node.items) do
      if not fields[i].read(inner, s, out) then return false end
    end
    return true
  end }
end

-- ---- COSE, each in its one spelling ----

local sealHeader = "\131\68\161\1\24\24\161\5\76" -- [h'a1011818', {5: h'12 bytes
local signHeader = "\132\67\161\1\39\160" -- [h'a10127', {},
local ivBytes, tagBytes, signatureBytes = 12, 16, 64

-- COSE_Encrypt0 as an element of a payload; not for `item`, since it has maps.
local function encrypt0At(s, at, prefix, out)
  if s:sub(at, at + #sealHeader - 1) ~= sealHeader then return nil end
  local ivAt = at + #sealHeader
  local node = item(s, ivAt + ivBytes, 0)
  if not node or node.kind ~= "bytes" or node.dataLength < tagBytes or node.dataLength > limits.messageBytesMax then
    return nil
  end
  out[#out + 1] = { name = prefix .. ".iv", at = ivAt - 1, length = ivBytes }
  out[#out + 1] = { name = prefix .. ".ciphertext", at = node.dataAt, length = node.dataLength }
  return node.at + node.length + 1
end

-- A signed body: where its payload lies, or nil. `out` gets the signature.
local function signed(s, prefix, out)
  if s:sub(1, #signHeader) ~= signHeader then return nil end
  local payload = item(s, #signHeader + 1, 0)
  if not payload or payload.kind ~= "bytes" then return nil end
  local signature = item(s, payload.at + payload.length + 1, 0)
  if not signature or signature.kind ~= "bytes" or signature.dataLength ~= signatureBytes then return nil end
  if signature.at + signature.length ~= #s then return nil end
  out[#out + 1] = { name = prefix .. ".signature", at = signature.dataAt, length = signatureBytes }
  return payload.dataAt, payload.dataLength
end

-- Readings found in a part of the body that starts at `by`, moved to where they lie in the whole.
local function moved(readings, by, out)
  for _, reading in ipairs(readings) do
    reading.at = reading.at + by
    out[#out + 1] = reading
  end
end

-- ---- Layouts ----

local u32 = limits.versionMax

-- A layout reads a body into `out` and says whether it fits; `fields` declares every field that it may find.
local layouts = {}

local function whole(fields, least)
  local shape = record(fields, least)
  return { fields = fields, read = function(s, out)
    local node = item(s, 1, 0)
    return node ~= nil and node.length == #s and shape.read(node, s, out)
  end }
end

local function signedRecord(prefix, fields)
  local declared = { bytes(prefix .. ".signature", signatureBytes) }
  for _, field in ipairs(fields) do declared[#declared + 1] = field end
  local inner = whole(fields)
  return { fields = declared, read = function(s, out)
    local at, length = signed(s, prefix, out)
    if not at then return false end
    local found = {}
    if not inner.read(s:sub(at + 1, at + length), found) then return false end
    moved(found, at, out)
    return true
  end }
end

-- [to, COSE_Encrypt0, ...]: an update or a manifest.
local function signedSealed(prefix, more)
  local to = uint(prefix .. ".to", u32)
  local declared = {
    bytes(prefix .. ".signature", signatureBytes), to, bytes(prefix .. ".iv", ivBytes),
    bytes(prefix .. ".ciphertext", tagBytes, limits.messageBytesMax),
  }
  for _, field in ipairs(more and more.fields or {}) do declared[#declared + 1] = field end
  return { fields = declared, read = function(s, out)
    local at, length = signed(s, prefix, out)
    if not at then return false end
    local payload = s:sub(at + 1, at + length)
    if payload:byte(1) ~= 128 + (more and 3 or 2) then return false end
    local found = {}
    local version = item(payload, 2, 0)
    if not version or not to.read(version, payload, found) then return false end
    local next = encrypt0At(payload, version.at + version.length + 1, prefix, found)
    if not next then return false end
    if more then
      local node = item(payload, next, 0)
      if not node or not more.read(node, payload, found) then return false end
      next = node.at + node.length + 1
    end
    if next ~= #payload + 1 then return false end
    moved(found, at, out)
    return true
  end }
end

layouts.hello = (function()
  local answer = whole({
    constant("hello.protocol", tables.protocolVersion), bytes("hello.tag", 8), uint("hello.epoch", u32),
    uint("hello.version", u32), flags("hello.flags", tables.helloFlags),
    resume("hello.resume.version", "hello.resume.chunk"), bytes("hello.nonce", 16),
  }, 6)
  local fields = { { name = "hello.wantsNonce", type = "bool" } }
  for _, field in ipairs(answer.fields) do fields[#fields + 1] = field end
  return { fields = fields, read = function(s, out)
    if #s > 1 then return answer.read(s, out) end
    if #s == 1 and s ~= "\1" then return false end
    out[1] = { name = "hello.wantsNonce", at = 0, length = #s, value = #s == 1 }
    return true
  end }
end)()

layouts.update = signedSealed("update")

layouts.manifest = signedSealed("manifest", record({
  uint("manifest.items", limits.capacityMax + limits.tableItemsBesideCodesMax),
  bytes("manifest.siv", 16), bytes("manifest.root", 32),
}))

layouts.chunk = (function()
  local hashBytes = 32
  local most = hashBytes + limits.itemsPerChunkMax * 29 + tagBytes
  local shape = whole({ uint("chunk.index", limits.chunksMax), bytes("chunk.content", hashBytes + 29 + tagBytes, most) })
  local fields = { shape.fields[1], bytes("chunk.next", hashBytes), bytes("chunk.sealed", 29 + tagBytes, most) }
  return { fields = fields, read = function(s, out)
    local found = {}
    if not shape.read(s, found) then return false end
    local content = found[2]
    out[1] = found[1]
    out[2] = { name = "chunk.next", at = content.at, length = hashBytes }
    out[3] = { name = "chunk.sealed", at = content.at + hashBytes, length = content.length - hashBytes }
    return true
  end }
end)()

layouts.receipt = (function()
  local said = signedRecord("receipt", {
    uint("receipt.version", u32), seconds("receipt.issuedAt"), bytes("receipt.state", 8),
    seconds("receipt.lowerSeconds"), flags("receipt.flags", tables.receiptFlags),
  })
  -- Without a body: please say it again.
  return { fields = said.fields, read = function(s, out) return #s == 0 or said.read(s, out) end }
end)()

layouts.time = signedRecord("time", { seconds("time.seconds") })

layouts.next = whole({ uint("next.to", u32), uint("next.index", 0xffff) })

layouts.refusal = whole({ uint("refusal.code", 0xff), uint("refusal.detail", limits.integerMax) }, 1)

-- A Noise handshake message: e 32, and what is sealed to whoever knows the setup secret.
layouts.commission = {
  fields = { bytes("commission.ephemeral", 32), bytes("commission.sealed", tagBytes, limits.messageBytesMax) },
  read = function(s, out)
    if #s < 32 + tagBytes then return false end
    out[1] = { name = "commission.ephemeral", at = 0, length = 32 }
    out[2] = { name = "commission.sealed", at = 32, length = #s - 32 }
    return true
  end,
}

layouts.rotation = signedRecord("rotation", {
  uint("rotation.epoch", u32), seconds("rotation.issuedAt"), bytes("rotation.table", 32),
  bytes("rotation.capability", 32), bytes("rotation.time", 32), bytes("rotation.box", 32),
})

layouts.pull = whole({ uint("pull.after", limits.eventSeqMax) })

layouts.segment = (function()
  local clear, enc, packed, event = 8, 32, 32, 24
  local fields = {
    { name = "segment.after", type = "uint32" }, { name = "segment.newest", type = "uint32" },
    bytes("segment.enc", enc), bytes("segment.sealed", packed + tagBytes, limits.messageBytesMax),
  }
  return { fields = fields, read = function(s, out)
    local events = (#s - clear - enc - packed - tagBytes) / event
    if events < 0 or events % 1 ~= 0 or events > limits.segmentEventsMax then return false end
    local function u32At(at)
      local a, b, c, d = s:byte(at, at + 3)
      return a * 16777216 + b * 65536 + c * 256 + d
    end
    if u32At(1) + events > u32At(5) then return false end
    out[1] = { name = "segment.after", at = 0, length = 4, value = u32At(1) }
    out[2] = { name = "segment.newest", at = 4, length = 4, value = u32At(5) }
    out[3] = { name = "segment.enc", at = clear, length = enc }
    out[4] = { name = "segment.sealed", at = clear + enc, length = #s - clear - enc }
    return true
  end }
end)()

layouts.ack = signedRecord("ack", { uint("ack.seq", limits.eventSeqMax), bytes("ack.head", 16) })

-- A Noise handshake message without a payload, and what is sealed under the keys at its end: never to be opened here.
layouts["unlock-start"] = {
  fields = { bytes("unlock-start.ephemeral", 32), bytes("unlock-start.sealed", tagBytes) },
  read = function(s, out)
    if #s ~= 32 + tagBytes then return false end
    out[1] = { name = "unlock-start.ephemeral", at = 0, length = 32 }
    out[2] = { name = "unlock-start.sealed", at = 32, length = tagBytes }
    return true
  end,
}

local function sealedWhole(prefix)
  return {
    fields = { bytes(prefix .. ".sealed", tagBytes, limits.messageBytesMax) },
    read = function(s, out)
      if #s < tagBytes then return false end
      out[1] = { name = prefix .. ".sealed", at = 0, length = #s }
      return true
    end,
  }
end

layouts.unlock = sealedWhole("unlock")
layouts.unlocked = sealedWhole("unlocked")

-- What an update and a manifest seal.
local body = whole({
  uint("body.span", limits.versionLeapMax), seconds("body.issuedAt"), uint("body.lifeHours", limits.lifeHoursMax),
  bytes("body.base", 0, 8), bytes("body.state", 8), bytes("body.removes", 0, limits.removesPerUpdateMax * 3),
  bytes("body.puts", 0, limits.updateBytesMax),
})

return { tables = tables, layouts = layouts, body = body, item = item }

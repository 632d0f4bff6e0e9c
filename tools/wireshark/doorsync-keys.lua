-- What a key file gives, and what its keys open: bodies of updates and manifests, and chunks. Contexts are those of
-- docs/SPEC.md section 7. Without keys everything stays sealed; the log and handshakes stay so in any case.
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
local tables = dofile(here .. "doorsync-tables.lua")
local seal = dofile(here .. "doorsync-seal.lua")

-- ---- Keys ----

-- { lockId, epoch, key } each; lines `update LOCKID EPOCH KEY`, hex. A bound, since every one of them is tried.
local keys = {}
local keysMax = 256

local function readKeys(path)
  keys = {}
  if path == "" then return end
  local file = io.open(path, "r")
  if not file then
    print("doorsync: the key file " .. path .. " cannot be read: sealed parts stay sealed")
    return
  end
  local function unhex(text)
    return (text:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end))
  end
  for line in file:lines() do
    local lockId, epoch, key = line:match("^update (%x+) (%d+) (%x+)%s*$")
    if lockId and #lockId == 32 and #key == 64 and #keys < keysMax then
      keys[#keys + 1] = { lockId = unhex(lockId), epoch = tonumber(epoch), key = unhex(key) }
    end
  end
  file:close()
end

-- ---- Contexts: what a seal is bound to ----

local function headOf(major, value)
  if value < 24 then return string.char(major * 32 + value) end
  local width = value < 256 and 1 or value < 65536 and 2 or 4
  local out = {}
  for i = width, 1, -1 do
    out[i] = string.char(value % 256)
    value = math.floor(value / 256)
  end
  return string.char(major * 32 + ({ 24, 25, nil, 26 })[width]) .. table.concat(out)
end

local function context(typeNumber, lockId, ...)
  local parts = { ... }
  local out = { headOf(4, 3 + #parts), headOf(3, #tables.suite), tables.suite, headOf(0, typeNumber) }
  out[#out + 1] = headOf(2, #lockId) .. lockId
  for _, part in ipairs(parts) do out[#out + 1] = headOf(0, part) end
  return table.concat(out)
end

local encrypt0Header = "\161\1\24\24"
local function sealedUnder(externalAad)
  return headOf(4, 3) .. headOf(3, 8) .. "Encrypt0" .. headOf(2, 4) .. encrypt0Header .. headOf(2, #externalAad) .. externalAad
end

-- The plaintext that `attempt(key, epoch)` opens, by any key; epochs beside a key's own: what the lock said it is in.
local function openBy(attempt, epochSaid)
  for _, key in ipairs(keys) do
    local plain = attempt(key, key.epoch)
    if not plain and epochSaid and epochSaid ~= key.epoch then plain = attempt(key, epochSaid) end
    if plain then return plain end
  end
  return nil
end

-- The sealed body of a message of this type for version `to`; nil when no key opens it.
local function openBody(typeNumber, to, iv, text, epochSaid)
  return openBy(function(key, epoch)
    return seal.open(key.key, iv, sealedUnder(context(typeNumber, key.lockId, epoch, to)), text)
  end, epochSaid)
end

-- The items of chunk `index` of a stream.
local function openChunk(typeNumber, stream, index, text, epochSaid)
  local nonce = string.rep("\0", 10) .. string.char(math.floor(index / 256), index % 256)
  return openBy(function(key, epoch)
    local aad = context(typeNumber, key.lockId, epoch, stream.to, stream.items, index)
    return seal.open(seal.derive(stream.siv, key.key, "doorsync/1 chunk"), nonce, aad, text)
  end, epochSaid)
end

return { read = readKeys, openBody = openBody, openChunk = openChunk }

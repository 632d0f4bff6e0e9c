-- The 29 bytes of an item of a table, by the kinds of docs/SPEC.md section 5: what an opened update puts. It reads what an
-- authority wrote and a lock judges; it judges nothing itself.
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
local tables = dofile(here .. "doorsync-tables.lua")

local itemBytes = 29

-- { name, offset, bytes }; `bit`: one bit of them; `mask`: some of them; `signed`: two's complement.
local kinds = {
  settings = {
    { "profile", 3, 1, names = tables.profiles }, { "autoRelockSeconds", 4, 2 }, { "wrongCodeEntryLimit", 6, 1 },
    { "userCodeTemporaryDisableSeconds", 7, 2 }, { "wrongCodesPerDayMax", 9, 2 }, { "dailyGeneration", 11, 2 },
  },
  rule = {
    { "class", 3, 1, names = tables.credentialClasses }, { "failOpen", 4, 1, bit = 1 }, { "duress", 4, 1, bit = 2 },
    { "skipHolidays", 4, 1, bit = 4 }, { "scheduled", 4, 1, bit = 8 }, { "leaseHours", 5, 2 }, { "useLimit", 7, 1 },
    { "expiringMinutes", 8, 2 }, { "also", 25, 2 },
  },
  zone = {},
  holiday = {},
  credential = {
    { "rule", 3, 2, mask = 0x8000 }, { "suspended", 3, 2, bit = 0x8000 }, { "tag", 5, 16, isBytes = true },
    { "notBefore", 21, 4, isTime = true }, { "notAfter", 25, 4, isTime = true },
  },
}

-- What comes several times: so many at `offset`, each `every` bytes; `count`: where their number stands.
local rows = {
  rule = { offset = 10, every = 5, most = 3, fields = {
    { "window.days", 0, 1 }, { "window.startMinute", 1, 2 }, { "window.endMinute", 3, 2 },
  } },
  zone = { offset = 4, every = 6, count = 3, most = 4, fields = {
    { "change.at", 0, 4, isTime = true }, { "change.offsetMinutes", 4, 2, signed = true },
  } },
  holiday = { offset = 4, every = 8, count = 3, most = 3, fields = {
    { "span.start", 0, 4, isTime = true }, { "span.end", 4, 4, isTime = true },
  } },
}

local function number(s, at, bytes)
  local value = 0
  for i = 1, bytes do value = value * 256 + s:byte(at + i) end
  return value
end

local function kindOf(id)
  for _, range in ipairs(tables.itemKinds) do
    if id >= range.first and id <= range.last then return range.kind end
  end
  return nil
end

local function put(out, s, base, field)
  local name, offset, bytes = field[1], field[2], field[3]
  local reading = { name = "item." .. name, at = base + offset, length = bytes }
  if not field.isBytes then
    local value = number(s, base + offset, bytes)
    if field.bit then value = math.floor(value / field.bit) % 2 == 1 end
    if field.mask then value = value % field.mask end
    if field.signed and value >= 0x8000 then value = value - 0x10000 end
    reading.value = value
  end
  out[#out + 1] = reading
end

-- The readings of the item at `base` (from 0) of `s`, and its kind; nil: an id that stands for nothing.
local function read(s, base)
  local id = number(s, base, 3)
  local kind = kindOf(id)
  if not kind then return nil end
  local out = { { name = "item.id", at = base, length = 3, value = id } }
  for _, field in ipairs(kinds[kind]) do put(out, s, base, field) end
  local row = rows[kind]
  if row then
    local count = row.count and math.min(number(s, base + row.count, 1), row.most) or row.most
    for i = 0, count - 1 do
      local start = base + row.offset + i * row.every
      -- A window without days is none.
      if kind ~= "rule" or s:byte(start + 1) ~= 0 then
        for _, field in ipairs(row.fields) do put(out, s, start, field) end
      end
    end
  end
  return out, kind
end

-- Every field that an item may have.
local function declared()
  local out, seen = { { name = "item.id", type = "uint32" } }, {}
  local function declare(field)
    if seen[field[1]] then return end
    seen[field[1]] = true
    local kind = field.isBytes and "bytes" or field.bit and "bool" or field.signed and "int32" or "uint32"
    out[#out + 1] = { name = "item." .. field[1], type = kind, names = field.names, isTime = field.isTime }
  end
  for _, name in ipairs({ "settings", "rule", "zone", "holiday", "credential" }) do
    for _, field in ipairs(kinds[name]) do declare(field) end
    for _, field in ipairs(rows[name] and rows[name].fields or {}) do declare(field) end
  end
  return out
end

return { read = read, declared = declared, bytes = itemBytes }

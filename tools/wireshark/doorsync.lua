-- DoorSync over Bluetooth LE in Wireshark: frames of a lock's GATT service put together to messages, and messages taken
-- apart field by field. With a lock's keys given (preference doorsync.keys) sealed updates are opened. It verifies no
-- signature: what it shows is what the bytes say. Filters begin with `doorsync.`; README.md tells how to install it.
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
local messages = dofile(here .. "doorsync-messages.lua")
local items = dofile(here .. "doorsync-items.lua")
local frames = dofile(here .. "doorsync-frames.lua")
local keys = dofile(here .. "doorsync-keys.lua")
local tables = messages.tables
local limits = tables.limits

local doorsync = Proto("doorsync", "DoorSync")
-- One for each characteristic: how a dissector is told which of them it reads.
local helloProto = Proto("doorsync_hello", "DoorSync hello")
local inboxProto = Proto("doorsync_inbox", "DoorSync to the lock")
local outboxProto = Proto("doorsync_outbox", "DoorSync to the phone")
local hintProto = Proto("doorsync_hint", "DoorSync hint")

doorsync.prefs.keys = Pref.string("Key file", "", "What `lock-sim inspect HOME/secure.bin --keys FILE` wrote: opens updates")

-- ---- Fields ----

local fields = {}
local timed, flagged = {}, {}
do
  local make = {
    uint32 = ProtoField.uint32, int32 = ProtoField.int32, uint64 = ProtoField.uint64, bytes = ProtoField.bytes,
    bool = ProtoField.bool, string = ProtoField.string,
  }
  local function declare(name, kind, names)
    local abbreviation = "doorsync." .. name
    if kind == "uint32" then
      fields[name] = make.uint32(abbreviation, name, base.DEC, names)
    else
      fields[name] = make[kind](abbreviation, name)
    end
  end
  local function declareAll(list)
    for _, field in ipairs(list) do
      if field.fields then
        declareAll(field.fields)
      else
        declare(field.name, field.type, field.names)
        timed[field.name] = field.isTime
        flagged[field.name] = field.flags
        for _, flag in ipairs(field.flags or {}) do declare(field.name .. "." .. flag.name, "bool") end
      end
    end
  end
  declare("frame.first", "bool")
  declare("frame.last", "bool")
  declare("frame.sequence", "uint32")
  declare("frame.trouble", "string")
  declare("message", "string")
  declare("message.type", "uint32")
  declare("message.bytes", "uint32")
  declare("message.frames", "uint32")
  declare("message.trouble", "string")
  declare("opened", "string")
  declare("refusal.name", "string")
  for _, layout in pairs(messages.layouts) do declareAll(layout.fields) end
  declareAll(messages.body.fields)
  declare("body.remove", "uint32")
  declareAll(items.declared())
  declare("item.kind", "string")
  declareAll({
    { name = "hint.tag", type = "bytes" }, { name = "hint.version", type = "uint32" },
    { name = "hint.flags", type = "uint32", flags = tables.hintFlags },
  })
  local list = {}
  for _, field in pairs(fields) do list[#list + 1] = field end
  doorsync.fields = list
end

local expertTrouble = ProtoExpert.new("doorsync.expert.trouble", "Not as documented", expert.group.PROTOCOL, expert.severity.WARN)
local expertRefused = ProtoExpert.new("doorsync.expert.refused", "The lock refused", expert.group.RESPONSE_CODE, expert.severity.NOTE)
doorsync.experts = { expertTrouble, expertRefused }

local function utc(seconds)
  if seconds == limits.secondsNever then return "no end" end
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

local function show(tree, tvb, reading)
  local field = fields[reading.name]
  if reading.length == 0 and reading.value == nil then return end
  local range = reading.length > 0 and tvb(reading.at, reading.length) or nil
  local value = reading.value
  local shown
  if value == nil then
    shown = tree:add(field, range)
  else
    if type(value) == "number" and field == fields["refusal.detail"] then
      value = UInt64(value % 4294967296, math.floor(value / 4294967296))
    end
    if range then shown = tree:add(field, range, value) else shown = tree:add(field, value) end
  end
  if timed[reading.name] then shown:append_text(" (" .. utc(reading.value) .. ")") end
  for _, flag in ipairs(flagged[reading.name] or {}) do
    local isSet = math.floor(reading.value / flag.mask) % 2 == 1
    shown:add(fields[reading.name .. "." .. flag.name], range, isSet)
    if isSet then shown:append_text(" " .. flag.name) end
  end
end

-- ---- Messages ----

local typeByName = {}
for number, row in pairs(tables.messages) do typeByName[row.name] = number end

local function byName(readings)
  local out = {}
  for _, reading in ipairs(readings) do out[reading.name] = out[reading.name] or reading end
  return out
end

local function part(s, reading)
  return s:sub(reading.at + 1, reading.at + reading.length)
end

local function showItems(tree, plain, tvb, at, length)
  for offset = at, at + length - items.bytes, items.bytes do
    local readings, kind = items.read(plain, offset)
    local branch = tree:add(doorsync, tvb(offset, items.bytes), "Item")
    if readings then
      branch:add(fields["item.kind"], tvb(offset, 3), kind)
      branch:set_text(kind .. " " .. readings[1].value)
      for _, reading in ipairs(readings) do show(branch, tvb, reading) end
    end
  end
end

local function textTvb(plain, name)
  local bytes = ByteArray.new()
  bytes:set_size(#plain)
  for i = 1, #plain do bytes:set_index(i - 1, plain:byte(i)) end
  return bytes:tvb(name)
end

-- What an update or a manifest seals; `said` is what the connection has told so far.
local function showBody(tree, name, s, found, said)
  local to = found[name .. ".to"].value
  local iv, text = part(s, found[name .. ".iv"]), part(s, found[name .. ".ciphertext"])
  local plain = keys.openBody(typeByName[name], to, iv, text, said.epoch)
  if not plain then return end
  local tvb = textTvb(plain, "Opened " .. name)
  local branch = tree:add(doorsync, tvb(), "Opened by the given keys")
  branch:add(fields.opened, tvb(), name)
  local readings = {}
  if not messages.body.read(plain, readings) then
    branch:add_proto_expert_info(expertTrouble, "the sealed body is not of the documented shape")
    return
  end
  for _, reading in ipairs(readings) do show(branch, tvb, reading) end
  local body = byName(readings)
  local removes, puts = body["body.removes"], body["body.puts"]
  for at = removes.at, removes.at + removes.length - 3, 3 do
    branch:add(fields["body.remove"], tvb(at, 3), tvb(at, 3):uint())
  end
  showItems(branch, plain, tvb, puts.at, puts.length)
end

local function showChunk(tree, s, found, said)
  local stream = said.stream
  if not stream then return end
  local index = found["chunk.index"].value
  local plain = keys.openChunk(typeByName.chunk, stream, index, part(s, found["chunk.sealed"]), said.epoch)
  if not plain then return end
  local tvb = textTvb(plain, "Opened chunk")
  local branch = tree:add(doorsync, tvb(), "Opened by the given keys")
  branch:add(fields.opened, tvb(), "chunk")
  showItems(branch, plain, tvb, 0, #plain)
end

-- One whole message, bytes `s` under `tvb`. `said` was fixed when the packet was first seen.
local function showMessage(tree, tvb, typeNumber, s, said)
  local row = tables.messages[typeNumber]
  local layout, readings = messages.layouts[row.name], {}
  if not layout or not layout.read(s, readings) then
    tree:add(fields["message.trouble"], tvb(), "not of the documented shape")
    tree:add_proto_expert_info(expertTrouble, row.name .. ": not of the documented shape")
    return
  end
  for _, reading in ipairs(readings) do show(tree, tvb, reading) end
  local found = byName(readings)
  if row.name == "refusal" then
    local refusal = tables.refusals[found["refusal.code"].value]
    if refusal then
      tree:add(fields["refusal.name"], refusal.name):set_generated()
      tree:append_text(": " .. refusal.name .. ", " .. refusal.meaning .. "; " .. refusal.remedy)
    end
    tree:add_proto_expert_info(expertRefused, "refused " .. found["refusal.code"].value .. (refusal and " " .. refusal.name or ""))
  elseif row.name == "update" or row.name == "manifest" then
    showBody(tree, row.name, s, found, said)
  elseif row.name == "chunk" then
    showChunk(tree, s, found, said)
  end
end

-- What later messages need to know of this one: the lock's epoch, and the stream that chunks belong to.
local function learn(said, typeNumber, s)
  local name = tables.messages[typeNumber].name
  local layout, readings = messages.layouts[name], {}
  if not layout or not layout.read(s, readings) then return said end
  local found = byName(readings)
  if name == "hello" and found["hello.epoch"] then
    return { epoch = found["hello.epoch"].value, stream = said.stream }
  elseif name == "manifest" then
    local stream = { to = found["manifest.to"].value, items = found["manifest.items"].value, siv = part(s, found["manifest.siv"]) }
    return { epoch = said.epoch, stream = stream }
  end
  return said
end

-- ---- Frames ----

-- By connection and direction, while packets are seen for the first time; by packet afterwards, in any order.
local connections, heardIn = {}, {}

-- Handles are used again: how many connections each has had. What Wireshark knows of it comes too late for a dissector.
local connects = {}

local chandle = Field.new("bthci_acl.chandle")
local subevent = Field.new("bthci_evt.le_meta_subevent")
local eventHandle = Field.new("bthci_evt.connection_handle")
local connectedEvents = { [0x01] = true, [0x0a] = true }

local function noteConnect()
  local event, handle = subevent(), eventHandle()
  if event and handle and connectedEvents[event.value] then
    connects[handle.value] = (connects[handle.value] or 0) + 1
  end
end

local function connectionOf()
  local handle = chandle()
  local number = handle and handle.value or 0
  local name = number .. "/" .. (connects[number] or 0)
  connections[name] = connections[name] or { said = {}, toLock = frames.begin, toPhone = frames.begin }
  return connections[name]
end

-- Fixes what this packet comes to when it is first seen; the same answer whenever it is looked at again.
local function heardAt(pinfo, s, direction)
  local known = heardIn[pinfo.number]
  if known then return known end
  local connection = connectionOf()
  local heard = frames.hear(connection[direction], s, direction)
  connection[direction] = heard.stream or frames.lost
  heard.said = connection.said
  if heard.message then
    connection.said = learn(connection.said, heard.message.type, heard.message.body)
  end
  heardIn[pinfo.number] = heard
  return heard
end

local function head(tree, tvb, typeNumber, bytes, frames)
  local name = tables.messages[typeNumber].name
  tree:add(fields.message, name):set_generated()
  tree:add(fields["message.type"], typeNumber):set_generated()
  tree:add(fields["message.bytes"], bytes):set_generated()
  if frames then tree:add(fields["message.frames"], frames):set_generated() end
  return name
end

local function dissectFrame(tvb, pinfo, tree, direction)
  local s = tvb:len() > 0 and tvb:raw() or ""
  if #s == 0 then return 0 end
  pinfo.cols.protocol = "DoorSync"
  local branch = tree:add(doorsync, tvb(), direction == "toLock" and "DoorSync, to the lock" or "DoorSync, to the phone")
  local heard = heardAt(pinfo, s, direction)
  local isFirst, isLast, sequence = frames.headOf(s:byte(1))
  branch:add(fields["frame.first"], tvb(0, 1), isFirst)
  branch:add(fields["frame.last"], tvb(0, 1), isLast)
  branch:add(fields["frame.sequence"], tvb(0, 1), sequence)
  if heard.trouble then
    branch:add(fields["frame.trouble"], tvb(), heard.trouble)
    branch:add_proto_expert_info(expertTrouble, heard.trouble)
    pinfo.cols.info:append(" | " .. heard.trouble)
    return tvb:len()
  end
  local message = heard.message
  if not message then
    pinfo.cols.info:append(" | part of a message")
    return tvb:len()
  end
  local whole = message.frames == 1 and tvb(2):tvb() or textTvb(message.body, "Reassembled message")
  if #message.body == 0 then whole = tvb end
  local name = head(branch, whole, message.type, #message.body, message.frames)
  branch:append_text(": " .. name .. ", " .. #message.body .. " bytes")
  showMessage(branch, whole, message.type, message.body, heard.said)
  pinfo.cols.info:append(" | " .. name .. ", " .. #message.body .. " bytes")
  return tvb:len()
end

function inboxProto.dissector(tvb, pinfo, tree)
  return dissectFrame(tvb, pinfo, tree, "toLock")
end

function outboxProto.dissector(tvb, pinfo, tree)
  return dissectFrame(tvb, pinfo, tree, "toPhone")
end

-- The characteristic's value is the body of a hello, without a frame.
function helloProto.dissector(tvb, pinfo, tree)
  if tvb:len() == 0 then return 0 end
  pinfo.cols.protocol = "DoorSync"
  local s = tvb:raw()
  local branch = tree:add(doorsync, tvb(), "DoorSync, read from the lock")
  local name = head(branch, tvb, typeByName.hello, #s)
  if not heardIn[pinfo.number] then
    heardIn[pinfo.number] = {}
    local connection = connectionOf()
    connection.said = learn(connection.said, typeByName.hello, s)
  end
  showMessage(branch, tvb, typeByName.hello, s, {})
  pinfo.cols.info:append(" | " .. name .. ", " .. #s .. " bytes")
  return tvb:len()
end

-- ---- What every packet is looked at for: connects, and hints in advertisements, which are nobody's word ----

local serviceData = Field.new("btcommon.eir_ad.entry.service_data")
local serviceUuid = Field.new("btcommon.eir_ad.entry.custom_uuid_128")

function hintProto.dissector(_, pinfo, tree)
  if not pinfo.visited then noteConnect() end
  local uuid = serviceUuid()
  local wanted = tables.uuids.service:gsub("-", "")
  if not uuid or tostring(uuid.value):lower():gsub("%X", "") ~= wanted then return end
  for _, each in ipairs({ serviceData() }) do
    local range = each.range
    if range:len() == 13 then
      local tvb = range:tvb()
      local branch = tree:add(doorsync, range, "DoorSync, advertised by the lock (a hint: not signed)")
      show(branch, tvb, { name = "hint.tag", at = 0, length = 8 })
      show(branch, tvb, { name = "hint.version", at = 8, length = 4, value = tvb(8, 4):uint() })
      show(branch, tvb, { name = "hint.flags", at = 12, length = 1, value = tvb(12, 1):uint() })
    end
  end
end

-- ---- Registration ----

function doorsync.init()
  connections, heardIn, connects = {}, {}, {}
  keys.read(doorsync.prefs.keys)
end

-- Never called: the characteristics' own are.
function doorsync.dissector() return 0 end

local byUuid = DissectorTable.get("bluetooth.uuid")
byUuid:add(tables.uuids.hello, helloProto)
byUuid:add(tables.uuids.inbox, inboxProto)
byUuid:add(tables.uuids.outbox, outboxProto)
register_postdissector(hintProto)

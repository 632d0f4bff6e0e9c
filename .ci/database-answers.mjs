// Exit status 0 when something that speaks PostgreSQL listens at host:port, 1 when not. It logs in nowhere.
import { connect } from "node:net";

const [host = "127.0.0.1", port = "5432"] = process.argv.slice(2);
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]); // answered by one byte, S or N, before any login
const socket = connect({ host, port: Number(port), timeout: 2000 }, () => socket.write(sslRequest));
socket.once("data", (answer) => process.exit("SN".includes(answer.toString("latin1")[0] ?? "-") ? 0 : 1));
socket.once("timeout", () => process.exit(1));
socket.once("error", () => process.exit(1));
socket.once("close", () => process.exit(1));

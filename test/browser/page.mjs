// What a page puts around the code of docs/BLUETOOTH.md: a button for each click, a line for what is told. Bundled by
// app.ts for a browser, and run nowhere else.
import { account, openOnClick, syncOnClick } from "the-snippet";

const at = (id) => document.getElementById(id);
const show = (text) => {
  at("progress").textContent += `${text}\n`;
};
const say = (answer) => (answer.ok ? "done" : JSON.stringify(answer));

function on(id, act) {
  at(id).addEventListener("click", async () => {
    at("said").textContent = "";
    at("progress").textContent = "";
    try {
      at("said").textContent = await act();
    } catch (error) {
      at("said").textContent = `${error.name}: ${error.message}`;
    }
  });
}

on("log-in", async () =>
  say(await account.logIn({ email: at("email").value, password: at("password").value })),
);
on("sync", () => syncOnClick(show));
on("enrol", async () => say(await account.doorKeys.enrol()));
on("open", () => openOnClick(at("door").value));

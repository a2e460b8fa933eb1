// The page for a token, where `beat-watch web` asks for one.

import { post } from "./api.js";
import { busyButton, h } from "./dom.js";
import { arrive } from "./router.js";

/** Somebody whom a proxy should have named, and has not. */
function showStranger(main) {
  const heading = h("h1", "Nobody is logged in");
  main.replaceChildren(h("div.empty", heading,
    h("p", "The proxy in front of beat-watch web has not said who you are. Log in there, and load this page again.")));
  arrive(heading, "Log in");
}

export function showLogin(main, { login }, enter) {
  if (login !== "token") {
    showStranger(main);
    return;
  }
  const error = h("p.field-error", { id: "token-error", role: "alert" });
  const input = h("input", {
    id: "token", type: "password", autocomplete: "current-password", required: true, spellcheck: "false",
    "aria-describedby": "token-error token-hint",
  });
  const send = busyButton("Log in", async () => {
    error.textContent = "";
    if (!input.value) {
      error.textContent = "Enter a token.";
      input.focus();
      return;
    }
    try {
      enter(await post("/session", { token: input.value }));
    } catch (problem) {
      error.textContent = problem.status === 401 ? "This token is not known." : problem.message;
      input.select();
    }
  }, { kind: "primary" });
  const heading = h("h1", "Log in");
  const form = h("form.login", { novalidate: true },
    h("img", { src: "/assets/icon.svg", alt: "", width: "40", height: "40" }), heading,
    h("div.field", h("label", { for: "token" }, "Token"), input, error,
      h("p.hint", { id: "token-hint" }, "Whoever runs beat-watch web hands the tokens out.")),
    send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send.click();
  });
  main.className = "view-login";
  main.replaceChildren(form);
  arrive(heading, "Log in");
  input.focus();
}

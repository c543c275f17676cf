// Passkeys: a form with data-passkey asks its server what to ask of the browser, and sends the browser's answer.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function read(options, making) {
  const found = { ...options, challenge: bytes(options.challenge) };
  if (making) {
    found.user = { ...options.user, id: bytes(options.user.id) };
  }
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (options[list]) {
      found[list] = options[list].map((one) => ({ ...one, id: bytes(one.id) }));
    }
  }
  return found;
}

function written(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) {
      response[part] = text(credential.response[part]);
    }
  }
  if (credential.response.getTransports) {
    response.transports = credential.response.getTransports();
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function answer(form) {
  const making = form.dataset.passkey === "new";
  const asked = await fetch(form.dataset.ask, {
    method: "POST",
    body: new FormData(form),
    credentials: "same-origin",
    headers: { Accept: "application/json" },
  });
  if (!asked.ok) {
    const refused = await asked.json().catch(() => ({}));
    throw Object.assign(new Error("refused"), { told: refused.told });
  }
  const publicKey = read(await asked.json(), making);
  const credential = making
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  form.elements.answer.value = written(credential);
}

for (const part of window.PublicKeyCredential ? document.querySelectorAll("[data-script]") : []) {
  part.hidden = false;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const told = form.querySelector("[data-told]");
    told.hidden = true;
    answer(form).then(
      () => form.submit(),
      (error) => {
        told.textContent = error.told || told.dataset.told;
        told.hidden = false;
        told.focus();
      },
    );
  });
}

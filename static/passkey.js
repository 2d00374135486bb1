// Passkeys: shown only where the browser can do them; the answer travels in an ordinary form.
"use strict";

const speaks = window.PublicKeyCredential;
const able = speaks && speaks.parseRequestOptionsFromJSON && speaks.parseCreationOptionsFromJSON && speaks.prototype.toJSON;

const ask = async (form) => {
  const headers = { "x-csrf-token": form.elements._csrf.value, accept: "application/json" };
  const answer = await fetch(form.dataset.passkey, { method: "POST", headers });
  if (!answer.ok) throw new Error(String(answer.status));
  const { challenge, options } = await answer.json();
  const made = form.dataset.make
    ? await navigator.credentials.create({ publicKey: speaks.parseCreationOptionsFromJSON(JSON.parse(options)) })
    : await navigator.credentials.get({ publicKey: speaks.parseRequestOptionsFromJSON(JSON.parse(options)) });
  form.elements.challenge.value = challenge;
  form.elements.credential.value = JSON.stringify(made.toJSON());
};

const prepare = (form) => {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      await ask(form);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
};

if (able) document.querySelectorAll("form[data-passkey]").forEach(prepare);

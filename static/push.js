// "Tell me on this phone": asks the browser for an address at its push service and hands it in by a plain form.
"use strict";

const form = document.getElementById("push");
const able = "serviceWorker" in navigator && "PushManager" in window;
if (form && able) {
  form.hidden = false;
  const refused = form.querySelector("[role=alert]");

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

  const subscribe = async () => {
    const worker = await navigator.serviceWorker.register(form.dataset.worker);
    await new Promise((done) => {
      if (worker.active) done();
      else (worker.installing || worker.waiting).addEventListener("statechange", () => worker.active && done());
    });
    const before = await worker.pushManager.getSubscription();
    if (before) await before.unsubscribe();
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push) });
  };

  form.addEventListener("submit", (event) => {
    if (form.elements.endpoint.value) return;
    event.preventDefault();
    subscribe().then(
      (made) => {
        form.elements.endpoint.value = made.endpoint;
        form.submit();
      },
      () => { refused.hidden = false; },
    );
  });
}

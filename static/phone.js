// A buddy's pages with a weak signal, in three parts: what waits in this phone and how it is sent (the page and the worker
// both do it), the worker, and the page. Every page works without this script while there is a signal.
"use strict";

const DAY = 864e5;

// --- what waits: one small database for each district and member. An item holds a key, a case code, an answer and its
// time; never a name, never a token. Beside them lie "snap" (the sealed snapshot) and "pin".

const store = (name, act, write) => new Promise((good, bad) => {
  const open = indexedDB.open(name);
  open.onupgradeneeded = () => open.result.createObjectStore("all", { keyPath: "key" });
  open.onerror = bad;
  open.onsuccess = () => {
    const work = open.result.transaction("all", write, { durability: "strict" }), asked = act(work.objectStore("all"));
    work.oncomplete = () => { open.result.close(); good(asked.result); };
    work.onabort = bad;
  };
});
const get = (name, key) => store(name, (s) => s.get(key), "readonly");
const put = (name, item) => store(name, (s) => s.put(item), "readwrite");
const drop = (name, key) => store(name, (s) => s.delete(key), "readwrite");
const items = async (name) => (await store(name, (s) => s.getAll(), "readonly")).filter((i) => i.code).sort((a, b) => (a.at < b.at ? -1 : 1));
const waits = (item) => !item.sent && !item.mend;

// What this phone knows of people goes; what waits to be sent stays.
const wipe = async (name, all) => {
  await drop(name, "snap");
  await drop(name, "pin");
  if (all) await caches.delete(name);
};

// A fresh token; else "sign": sign in first, "gone": this phone may hold nothing any more, "": later.
const token = async (name, base) => {
  try {
    const answer = await fetch(base + "token", { headers: { "x-clock": new Date().toJSON() }, signal: AbortSignal.timeout(2e4) });
    const { token, why } = await answer.json();
    if (why === "gone") await wipe(name, 1);
    return [token, why];
  } catch {
    return [, ""];
  }
};

// Two tabs, or a tab and the worker, never send at once. Answers why something still waits.
const flush = (name, base) => navigator.locks.request(name, async () => {
  const all = await items(name), waiting = all.filter(waits);
  for (const { key, sent } of all) if (sent < Date.now() - 2 * DAY) await drop(name, key);
  while (waiting[0]) {
    const part = waiting.splice(0, 50), [pass, why] = await token(name, base);
    if (!pass) return why;
    // Tried: from now on the server may have it, whatever answer comes back.
    for (const item of part) await put(name, { ...item, tried: 1 });
    try {
      const answer = await fetch(base + "check-ins", {
        method: "POST", headers: { "x-csrf-token": pass }, signal: AbortSignal.timeout(2e4),
        body: JSON.stringify(part.map(({ key, code, how, at }) => ({ key, code, how, happened_at: at }))),
      });
      const told = await answer.json();
      for (const [n, item] of part.entries()) {
        const { outcome, ...more } = told[n], good = outcome === "saved" || outcome === "repeat";
        await put(name, { ...item, ...more, [good ? "sent" : "mend"]: good ? Date.now() : outcome });
      }
    } catch {
      return "";
    }
  }
});

// --- the worker: the network first, for three seconds; then the shell, which holds no person

const work = () => {
  const base = new URL(registration.scope).pathname;
  const page = async (request) => {
    const shell = await caches.match(base + "outbox", { ignoreVary: true });
    // What the shell cannot show has all the time it needs.
    const late = new Promise((good) => shell && !request.url.endsWith("me") && setTimeout(good, 3e3));
    const answer = await Promise.race([fetch(request), late]).catch(() => 0);
    // Refused, or led to the door: whether this phone may still hold what it holds is asked before anything else.
    if (answer && !answer.ok) for (const name of await caches.keys()) if (name.startsWith(`khuen-${base.split("/")[1]}-`)) await token(name, base);
    return !shell || answer?.status < 500 ? answer : shell;
  };
  addEventListener("install", () => skipWaiting());
  addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.mode === "navigate" && request.method === "GET") event.respondWith(page(request));
    else if (request.url.includes("/static/")) event.respondWith(caches.match(request, { ignoreVary: true }).then((kept) => kept || fetch(request)));
  });
  // Where the browser can: what waits is sent when the signal is back, with no page open. The tag is the database's name.
  addEventListener("sync", (event) => event.waitUntil(flush(event.tag, base).then((why) => why === "" && Promise.reject(event))));
};

// --- the page

const show = () => {
  const { phone: name, base, words: said } = document.body.dataset, words = JSON.parse(said);
  const $ = (query, part = document) => part.querySelector(query);
  const each = (query, act) => document.querySelectorAll(query).forEach(act);
  const say = (what, ...values) => values.reduce((text, value) => text.replace("%s", value), words[what]);
  const when = (at) => new Date(at).toLocaleString("th", { dateStyle: "short", timeStyle: "short" });
  const shell = $("#shell"), { subtle } = crypto;
  let why, timer, drawn, live, busy, broken, pause = 5e3;

  // The snapshot: a piece of our own pages, sealed under a key that no script can read out, where a PIN guards the screen.
  const refresh = async () => {
    [live] = await token(name, base);
    if (!live) return;
    const cache = await caches.open(name), fresh = async (file) => {
      const answer = await fetch(file);
      return answer.ok && !answer.redirected && answer;
    };
    for (const file of words.files) {
      const answer = await fresh(file);
      if (answer) await cache.put(file, answer);
    }
    const answer = await get(name, "pin") && await fresh(base + "snapshot");
    if (!answer) return;
    const iv = crypto.getRandomValues(new Uint8Array(12)), data = await answer.arrayBuffer();
    const own = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await put(name, { key: "snap", own, iv, at: Date.now(), data: await subtle.encrypt({ name: "AES-GCM", iv }, own, data) });
  };

  const hashed = async (pin, salt) => {
    const raw = await subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
    return new Uint8Array(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 3e5 }, raw, 256)).join();
  };

  // Within the shell no page is asked for until the network has answered once.
  const go = (to) => {
    if (!shell || live) return location = to;
    history.pushState(0, "", to);
    $("#undo").textContent = "";
    scrollTo(0, 0);
    return draw();
  };

  // The bar says how far sending is; in the shell the page is drawn with it.
  const draw = async () => {
    const all = await items(name), wait = all.filter(waits).length, mend = all.filter((i) => i.mend).length;
    const snap = await get(name, "snap"), link = $("#net a"), sign = wait && why;
    link.textContent = [
      wait && say(sign ? "sign" : "wait", wait),
      mend && say("mend", mend),
      !wait && !mend && all[0] && words.all,
      shell && snap && say("as_of", when(snap.at)),
    ].filter(Boolean).join(" · ");
    link.href = sign ? "/sign-in?to=" + base : base + "outbox";
    $("#net").hidden = !link.textContent;
    document.cookie = `khuen-waiting=1;path=/;samesite=lax;max-age=${wait + mend ? 1e7 : 0}`;
    if (shell) await fill(all, snap, `${name.slice(-8)}-${wait}-${mend}-${why || 0}`);
    const last = all.pop();
    if (!last || last.mend || Date.now() - Date.parse(last.at) > 6e4 || $("#undo button")) return wait;
    const made = $("#bar").content.cloneNode(true), urgent = last.how === "urgent";
    $("span", made).textContent = last.told?.[0] ? say("told", last.told) : words[urgent ? last.sent ? "nobody" : "queued" : "saved"];
    $("button", made).onclick = () => undo(last.key);
    $("a", made).hidden = !last.sent;
    $("a", made).href = `${base}check-ins/${last.key}/note`;
    $("#undo").append(made);
    return wait;
  };

  const send = async () => {
    clearTimeout(timer);
    const before = (await items(name)).filter(waits).length;
    if (before) why = await flush(name, base);
    const left = await draw();
    pause = left < before ? 5e3 : Math.min(pause * 2, 3e5);
    if (left) timer = setTimeout(send, pause);
    if (left < before) await refresh();
    return left < before;
  };

  const undo = (key) => navigator.locks.request(name, async () => {
    let answer = { status: 404 };
    if ((await get(name, key))?.tried) {
      // The server may have it, so it is asked; what it does not know (404) was never there.
      const [pass] = await token(name, base);
      answer = pass && await fetch(base.replace("b/", "undo/") + key, { method: "POST", redirect: "manual", headers: { "x-csrf-token": pass } }).catch(() => 0);
    }
    if (answer && (!answer.status || answer.status === 404)) go(await drop(name, key) || base);
    else $("#undo span").textContent = words.no_undo;
  });

  // The shell shows the part that the address asks for.
  const fill = async (all, snap, help) => {
    const page = location.pathname.slice(base.length), asked = new URLSearchParams(location.search), now = Date.now();
    const view = (...names) => each("[data-view]", (part) => { part.hidden = !names.includes(part.dataset.view); });
    const first = !page || page === "check-in" ? "" : page === "urgent" || page === "outbox" ? page : "away";
    tray(all);
    $("#help").textContent = help.toUpperCase();
    if (page === "outbox") return view(page);
    if (snap && now - snap.at > 3 * DAY) snap = await wipe(name);
    if (!snap) return view(first, "none");
    if (!(now - sessionStorage[name] < 9e5)) return view(first, "lock");
    sessionStorage[name] = now;
    if (drawn !== snap.at) $("#people").innerHTML = new TextDecoder().decode(await subtle.decrypt({ name: "AES-GCM", iv: snap.iv }, snap.own, snap.data));
    drawn = snap.at;
    const night = (at) => Math.floor((at + 252e5) / DAY), day = Math.max(0, Math.min(night(now) - night(drawn), 3));
    const seen = all.filter((i) => !i.mend && Date.parse(i.at) > drawn).map((i) => i.code);
    const rows = [...document.querySelectorAll("[data-code]")], near = rows.find((row) => row.dataset.code === asked.get("near"));
    let room = page === "people" ? 1e3 : 12;
    each("[data-day]", (part) => { part.hidden = part.dataset.day !== String(day); });
    for (const row of rows) {
      const { code, place, groups } = row.dataset, due = groups.split(" ")[day], done = seen.includes(code);
      const soon = !done && (due === "first" || due === "week");
      row.hidden = soon && --room < 0;
      $(`[data-group=${done ? "done" : soon && place && place === near?.dataset.place ? "near" : due}] div`).append(row);
    }
    each("[data-group]", (part) => {
      const count = part.querySelectorAll("[data-code]").length;
      $("b", part).textContent = count;
      part.hidden = !count;
    });
    $("#more").hidden = room >= 0;
    view(first, asked.get("p") || (rows.length === 1 && (first || !seen[0]) ? rows[0].dataset.code : "today"));
  };

  const tray = (all) => {
    $("#items").replaceChildren(...[...all].reverse().map((item) => {
      const made = $("#item").content.cloneNode(true), { key, code, how, at, mend, kept } = item;
      const [what, reason, again, leave] = made.querySelectorAll("b, p, button");
      what.textContent = `${code} · ${words[how]} · ${when(at)}`;
      reason.textContent = !mend ? words[item.sent ? "sent" : "waiting"] : kept ? say("both", words[how], words[kept]) : words[mend] || words.unknown;
      again.hidden = !kept;
      leave.hidden = !mend;
      leave.onclick = () => drop(name, key).then(send);
      again.onclick = () => put(name, { key: crypto.randomUUID(), code, how, at }).then(leave.onclick);
      return made;
    }));
  };

  // What is pressed, by the class of the form.
  const patience = (ms) => Promise.race([send(), new Promise((good) => setTimeout(good, ms))]);
  const pressed = {
    async answers({ dataset: { of: code } }, how) {
      await put(name, { key: crypto.randomUUID(), code, how, at: new Date().toJSON() });
      busy = 2;
      navigator.serviceWorker.ready.then((ready) => ready.sync?.register(name));
      await patience(shell ? 0 : 3e3);
      await go(base + "?near=" + code);
    },
    // The PIN of the screen is chosen while there is a signal.
    async choose(form) {
      const salt = crypto.getRandomValues(new Uint8Array(16));
      await put(name, { key: "pin", salt, hash: await hashed(form.pin.value, salt), tries: 0 });
      navigator.storage.persist();
      await refresh();
      location.reload();
    },
    // A try is counted before it is looked at: closing the page and opening it again gains nothing.
    async enter(form) {
      const pin = await store(name, (s) => {
        const read = s.get("pin");
        read.onsuccess = () => s.put({ ...read.result, tries: read.result.tries + 1 });
        return read;
      }, "readwrite");
      if (pin.tries < 5 && await hashed(form.pin.value, pin.salt) === pin.hash) {
        await put(name, { ...pin, tries: 0 });
        sessionStorage[name] = Date.now();
      } else if (pin.tries > 3) await wipe(name);
      form.reset();
      $(".error", form).textContent = say("wrong", 4 - pin.tries);
      await draw();
    },
    send,
    copy: () => navigator.clipboard.writeText($("#help").textContent),
    clear: () => wipe(name).then(() => location.reload()),
    // What can be sent is sent, what the phone knows of people goes, what still waits stays.
    async out(form) {
      await patience(5e3);
      await wipe(name, 1);
      form.kept.disabled = false;
      form.submit();
    },
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target, act = pressed[form.classList[0]];
    if (!act || broken) return;
    event.preventDefault();
    if (busy) return;
    busy = 1;
    try {
      await act(form, event.submitter.value);
    } catch {
      // No storage in this browser: the form goes its ordinary way, unless the answer is kept already.
      broken = busy < 2;
      if (broken) event.submitter.click();
    }
    busy = 0;
  });

  const start = async () => {
    const pin = await get(name, "pin"), snap = await get(name, "snap");
    each("form[hidden]", (form) => { form.hidden = false; });
    each("[data-pin]", (part) => { part.hidden = !pin !== !part.dataset.pin; });
    if (await send()) return location.reload();
    await new Promise((good) => setTimeout(good, 2e3));
    await navigator.serviceWorker.register(base + "sw.js");
    // The page Me sets the size of letters, which the shell follows.
    if (/me$/.test(location) || !(Date.now() - snap?.at < 6e5)) await refresh();
  };
  for (const back of ["online", "visibilitychange"]) addEventListener(back, send);
  addEventListener("popstate", draw);
  document.addEventListener("click", (event) => {
    const link = event.target.closest(`a[href^="${base}"]`);
    if (!link || !shell || live) return;
    event.preventDefault();
    go(link.href);
  });
  start();
};

self.document ? navigator.serviceWorker && navigator.locks && show() : work();

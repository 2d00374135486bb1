// Says that something waits, and nothing else: the push that wakes it is empty.
"use strict";

self.addEventListener("push", (event) => {
  event.waitUntil(self.registration.showNotification("มีงานรอ", { tag: "waits", renotify: true, lang: "th" }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(new URL("../", self.registration.scope)));
});

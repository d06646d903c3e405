// What the pages cannot do by themselves: keys, copying, and what happens while one looks.
"use strict";
(() => {
  const { lane } = document.body.dataset;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  const say = (text, seen = false) => {
    const said = document.getElementById("said");
    said.textContent = text;
    said.classList.toggle("sr", !seen);
  };

  // Copy.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const name = button.dataset.name ??= button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
      document.body.append(area);
      area.select();
      button.textContent = document.execCommand("copy") ? "Copied" : "Select it by hand";
      area.remove();
    }
    say(button.textContent);
    setTimeout(() => { button.textContent = name; }, 1500);
  });

  // What cannot be taken back is asked first; an open menu closes when one goes on elsewhere.
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.ask;
    if (question && !window.confirm(question)) event.preventDefault();
  });
  const close = () => all("details.menu[open]").forEach((menu) => {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.removeAttribute("open");
  });
  ["click", "focusin"].forEach((kind) => document.addEventListener(kind, (event) => { if (!event.target.closest("details.menu")) close(); }));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

  // A file that the server would refuse is refused before it is sent.
  document.addEventListener("change", (event) => {
    const { files, dataset } = event.target;
    if (!dataset.most) return;
    const size = [...files].reduce((sum, file) => sum + file.size, 0) + 10_000;
    event.target.setCustomValidity(size > Number(dataset.most) ? `The file has ${Math.round(size / 1e6)} MB; the sandbox takes up to ${Math.floor(dataset.most / 1e6)} MB.` : "");
    event.target.reportValidity();
  });

  // On a phone a row is a card: its cells say what they are, because no head stands above them.
  const label = (within) => all("table", within).forEach((table) => {
    const heads = all("thead th", table).map((head) => head.querySelector(".sr") ? "" : head.textContent);
    all("tbody tr", table).forEach((row) => [...row.cells].forEach((cell, at) => { cell.dataset.label = cell.textContent.trim() && heads[at]; }));
  });
  label(document.getElementById("main"));

  // Keys. They can be switched off, because speech input types them by chance (WCAG 2.1.4).
  const help = document.getElementById("help"), switched = document.getElementById("single-keys");
  switched.checked = localStorage.getItem("partnerlab-keys") !== "off";
  switched.addEventListener("change", () => localStorage.setItem("partnerlab-keys", switched.checked ? "on" : "off"));
  all("[data-help]").forEach((one) => one.addEventListener("click", () => help.showModal()));
  let chosen = null;
  const choose = (step) => {
    const rows = all("[data-row]");
    if (!rows.length) return;
    const at = rows.indexOf(chosen);
    chosen?.classList.remove("chosen");
    chosen = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))];
    chosen.classList.add("chosen");
    chosen.scrollIntoView({ block: "nearest" });
    chosen.querySelector("a, button")?.focus({ preventScroll: true });
  };
  const edit = () => {
    const body = document.getElementById("body");
    body?.focus();
    body?.scrollIntoView({ block: "center" });
  };
  all("[data-edit]").forEach((one) => one.addEventListener("click", (event) => { event.preventDefault(); edit(); }));
  const keys = {
    j: () => choose(1),
    k: () => choose(-1),
    r: () => document.getElementById("replay")?.requestSubmit(),
    e: edit,
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open || !switched.checked) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) {
      if (event.key !== "Escape") return;
      if (event.target.type === "search") event.preventDefault();  // what was searched for stays: a browser would take it away
      event.target.blur();
      return;
    }
    if (event.key === "Enter" && chosen && event.target === document.body) chosen.querySelector("a")?.click();
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });

  // What happens. One tab of all listens and tells the others: a browser has six connections for one origin.
  const live = () => document.querySelector("[data-live]");
  let timer = 0, later = 0, asking = false, again = false, took = 0, searching = 0, unanswered = false;
  const refresh = async () => {
    timer = 0;
    const place = live();
    if (!place || document.hidden) { again = Boolean(place); return; }
    if (asking) { again = true; return; }
    asking = true;
    try {
      if (!searching && (unanswered || unheard())) search.requestSubmit();
      else await (place.dataset.live === "rows" ? newRows(place) : newList());
      // What takes long to find out is kept for a while: then it is asked for again.
      const old = document.querySelector("#list [data-again]");
      clearTimeout(later);
      if (old) later = setTimeout(soon, Number(old.dataset.again));
    } finally {
      asking = false;
      if (again) { again = false; soon(); }
    }
  };
  const soon = () => { timer ||= setTimeout(refresh, 150); };
  // A list that is drawn again becomes what it is now: what did not change keeps the focus and what is selected in it.
  const newList = async () => {
    const asked = performance.now();
    await htmx.ajax("GET", location.pathname + location.search, { source: "#list", target: "#list", select: "#list", swap: "outerMorph" });
    took = performance.now() - asked;
  };
  let focused = null;
  document.addEventListener("htmx:before:swap", (event) => {
    focused = document.activeElement.closest("#list *");
    const { ctx, tasks } = event.detail;
    tasks.forEach((task) => label(task.fragment));
    if (ctx.swap === "none" || tasks.every(({ target, fragment }) => target.id !== "list" || fragment.childElementCount)) return;
    event.preventDefault();  // another page than that of the list: it is signed out, say
    location.reload();
  });
  const search = document.querySelector("form[role=search]");
  const words = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => value)).toString();
  const drawn = search?.cloneNode(true);
  drawn?.reset();
  let sought = drawn && words(drawn);  // what the list is of, or is to be of
  const unheard = () => search?.dataset.htmxPowered && words(search) !== sought;
  document.addEventListener("htmx:after:swap", (event) => {
    if (!chosen?.isConnected) chosen = null;
    chosen?.classList.add("chosen");
    if (event.detail.ctx.sourceElement === search) {
      unanswered = false;
      const found = all("#list [data-row]").length;
      say(`${found || "No"} ${found === 1 ? "row" : "rows"}`);
    }
    if (focused && !focused.isConnected) document.getElementById("main").focus({ preventScroll: true });
  });
  // What was not chosen is no part of an address.
  search?.addEventListener("formdata", ({ formData }) => [...formData].forEach(([name, value]) => value || formData.delete(name)));
  // What was typed before htmx heard the form, or that a list drawn anew would undo, is searched for; what came during a
  // search is looked for after it.
  // A search that has no answer, as from a sandbox that is stopped, is asked for again with what is looked for next.
  search?.addEventListener("htmx:before:request", () => { searching += 1; unanswered = true; sought = words(search); });
  search?.addEventListener("htmx:finally:request", () => {
    searching -= 1;
    if (!unanswered) soon();
    else if (!searching) say("The search was not answered.", true);
  });
  const hear = () => { if (unheard()) search.requestSubmit(); };
  document.addEventListener("htmx:after:process", (event) => { if (event.target === document.body) hear(); });
  setTimeout(hear, 50);
  document.addEventListener("htmx:before:response", (event) => {
    if (event.detail.ctx.hx.refresh !== "true" || !unheard()) return;
    event.preventDefault();  // the page is not drawn again: what is searched for takes the list's place
    setTimeout(hear);
  });
  const newRows = async (place) => {
    const rows = document.getElementById("rows");
    const before = rows.firstElementChild;
    const address = new URL(place.dataset.source, location.href);
    address.searchParams.set("since", before?.dataset.number ?? 0);
    address.searchParams.set("newest", before?.id ?? "");  // where that is forgotten, the page is drawn again
    await htmx.ajax("GET", address.pathname + address.search, { source: "#list", target: "#rows", swap: "afterbegin" });
    if (before && !before.isConnected) return;  // a search took its place
    let count = 0;
    for (let row = rows.firstElementChild; row && row !== before; row = row.nextElementSibling) {
      row.classList.add("fresh");
      count += 1;
    }
    while (rows.childElementCount > Number(rows.dataset.most)) rows.lastElementChild.remove();
    if (rows.childElementCount) document.getElementById("nothing")?.remove();
    if (count) say(`${count} new`);
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden && again) { again = false; soon(); } });

  const word = (text, on) => {
    const place = document.getElementById("live-word");
    if (!place) return;
    place.textContent = text;
    place.parentElement.classList.toggle("off", !on);
  };
  const show = (message) => {
    if (message.state) word(message.state, message.state === "live");
    // What happened between the drawing of a page and the first event that it hears was told to nobody.
    if (message.state ? message.state === "live" : !message.lane || message.lane === lane) soon();
  };
  if (!live()) return;
  // What no exchange tells of, such as a payment that the partner fetches with its next file, is looked for.
  const look = (every) => setTimeout(() => { soon(); look(every); }, Math.max(every, 10 * took));
  if (live().dataset.look) look(Number(live().dataset.look));
  const bus = "BroadcastChannel" in window ? new BroadcastChannel("partnerlab") : null;
  const tell = (message) => { show(message); bus?.postMessage(message); };
  if (bus) bus.onmessage = (message) => show(message.data);
  const lead = () => new Promise(() => {
    const source = new EventSource("/_sandbox/events");
    source.addEventListener("entry", (event) => tell(JSON.parse(event.data)));
    source.addEventListener("missed", () => tell({}));
    source.addEventListener("open", () => tell({ state: "live" }));
    source.addEventListener("error", () => tell({ state: "the sandbox does not answer" }));
  });
  soon();
  if (navigator.locks) navigator.locks.request("partnerlab", lead); else lead();
})();

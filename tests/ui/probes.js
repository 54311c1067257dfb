/* What the tests ask of a page. It is there before the page's own scripts, so it also sees the first paint. */
(() => {
  if (window !== window.top) return;

  const POINTER_TARGETS =
    "a[href],button,summary,select,textarea,input:not([type=hidden])," +
    ["button", "link", "tab", "switch", "checkbox", "radio", "option", "menuitem", "menuitemradio", "menuitemcheckbox", "slider", "combobox", "spinbutton"]
      .map((role) => `[role=${role}]`)
      .join(",");

  const shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push({ value: entry.value, what: entry.sources.map((s) => name(s.node)) });
  }).observe({ type: "layout-shift", buffered: true });

  /** An element as a person finds it again: tag, id, first class, and the beginning of its words. */
  function name(node) {
    const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (!element?.tagName) return "(gone)";
    const words = (element.getAttribute("aria-label") ?? element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40);
    const role = element.getAttribute("role");
    const first = element.classList[0];
    return `<${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}${first ? `.${first}` : ""}${role ? ` role=${role}` : ""}> ${JSON.stringify(words)}`;
  }

  /** Whether a person sees it: not hidden, and not one of the 1 px boxes that only screen readers read. */
  function seen(element) {
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return false;
    if (element.closest("[inert],[aria-hidden=true]")) return false;
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const { width, height } = box.getBoundingClientRect();
      if (getComputedStyle(box).overflow !== "visible" && (width <= 1 || height <= 1)) return false;
    }
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1;
  }

  /** Ancestors below the page itself that clip or scroll what sticks out of them sideways. */
  function contained(element, width) {
    for (let box = element.parentElement; box && box !== document.body && box.id !== "root"; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== "visible" && box.getBoundingClientRect().right <= width + 0.5) return true;
    }
    return false;
  }

  /** What makes the page wider than the window: the outermost elements that stick out, or one line about the page. */
  function overflow() {
    const page = document.documentElement;
    const width = page.clientWidth;
    const out = new Set();
    for (const element of document.body.querySelectorAll("*")) {
      if (element.getBoundingClientRect().right > width + 0.5 && !out.has(element.parentElement) && seen(element) && !contained(element, width)) out.add(element);
      else if (out.has(element.parentElement)) out.add(element);
    }
    const outermost = [...out].filter((element) => !out.has(element.parentElement));
    const lines = outermost.map((element) => `${name(element)} reaches ${Math.round(element.getBoundingClientRect().right)} of ${width} px`);
    const scrolls = Math.max(page.scrollWidth, document.body.scrollWidth);
    if (!lines.length && scrolls > width) lines.push(`the page is ${scrolls} px wide in a window of ${width} px`);
    return lines;
  }

  /** Elements that react to a pointer in an area smaller than `least` × `least` px; links inside sentences are exempt (WCAG 2.5.8). */
  function smallTargets(least) {
    const lines = [];
    const at = [scrollX, scrollY];
    for (const element of document.querySelectorAll(POINTER_TARGETS)) {
      if (!seen(element.closest("label") ?? element) || inSentence(element)) continue;
      const box = (element.closest("label") ?? element).getBoundingClientRect();
      // Above the page: a link that only the keyboard brings into view.
      if (box.bottom + scrollY <= 0) continue;
      if (box.width >= least - 0.5 && box.height >= least - 0.5) continue;
      if (!reaches(element, least)) lines.push(`${name(element)} is ${Math.round(box.width)} × ${Math.round(box.height)} px`);
    }
    scrollTo(...at);
    return lines;
  }

  function inSentence(element) {
    if (element.tagName !== "A" || getComputedStyle(element).display !== "inline") return false;
    return element.parentElement.textContent.trim().length > element.textContent.trim().length;
  }

  /** Whether the area that reacts is larger than the box, as with a padded pseudo-element. */
  function reaches(element, least) {
    const target = element.closest("label") ?? element;
    target.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const { left, top, width, height } = target.getBoundingClientRect();
    const [x, y, far] = [left + width / 2, top + height / 2, least / 2 - 1];
    return [[x - far, y], [x + far, y], [x, y - far], [x, y + far]].every(([px, py]) => {
      const hit = document.elementFromPoint(px, py);
      return hit !== null && (target.contains(hit) || element.contains(hit));
    });
  }

  /** Texts that their box cuts off or cannot hold. An ellipsis is a choice, and is left alone. */
  function cutTexts() {
    const lines = [];
    for (const element of document.body.querySelectorAll("*")) {
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!own || element.clientWidth === 0) continue;
      if (cutAtItsBeginning(element) && seen(element)) lines.push(`${name(element)} begins before its box`);
      if (element.scrollWidth <= element.clientWidth + 1 || !seen(element)) continue;
      const style = getComputedStyle(element);
      if (style.textOverflow === "ellipsis" || ["auto", "scroll"].includes(style.overflowX)) continue;
      lines.push(`${name(element)} needs ${element.scrollWidth} px and has ${element.clientWidth} px`);
    }
    return lines;
  }

  /** What is aligned to the right sticks out on the left: nothing can scroll there, and a number without its first digits is another one. */
  function cutAtItsBeginning(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    const { left, width } = range.getBoundingClientRect();
    for (let box = element; width > 0 && box !== document.body; box = box.parentElement) {
      const { overflowX } = getComputedStyle(box);
      if (overflowX !== "visible") return ["hidden", "clip"].includes(overflowX) && left < box.getBoundingClientRect().left - 1;
    }
    return false;
  }

  /** Note when each of these numbers is first painted anywhere in the page; `arrivals()` gives epoch ms by number. */
  const waited = new Set();
  const arrived = {};
  function expectNumbers(numbers) {
    for (const number of numbers) waited.add(String(number));
    new MutationObserver((records) => {
      const found = new Set();
      for (const { target } of records) for (const text of target.textContent.matchAll(/\d[\d.,\u202f\u00a0]*/g)) if (waited.delete(text[0].replace(/\D/g, ""))) found.add(text[0].replace(/\D/g, ""));
      if (found.size) afterPaint(() => { for (const number of found) arrived[number] = performance.timeOrigin + performance.now(); });
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  }

  /** Calls back in the task that follows the next frame, when what the frame shows has been painted. */
  function afterPaint(then) {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = then;
      port2.postMessage(0);
    });
  }

  /** What still moves although the reader asked for no motion: animations of more than a blink. */
  function moving() {
    const running = document.getAnimations().filter((one) => one.playState === "running" && one.effect.getComputedTiming().duration > 100);
    const drawn = [...document.querySelectorAll("animate,animateMotion,animateTransform")].filter((one) => seen(one.ownerSVGElement));
    return [...new Set([...running.map((one) => name(one.effect.target)), ...drawn.map((one) => name(one.ownerSVGElement))])];
  }

  /** Sum of the layout shifts so far and the elements that moved most. */
  function shift() {
    const worst = [...shifts].sort((a, b) => b.value - a.value).slice(0, 3);
    return { sum: shifts.reduce((sum, one) => sum + one.value, 0), worst };
  }

  window.__probes = { overflow, smallTargets, cutTexts, moving, expectNumbers, arrivals: () => arrived, afterPaint, shift };
})();

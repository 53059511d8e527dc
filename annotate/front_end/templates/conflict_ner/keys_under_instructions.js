// While the instructions stand over the article, a label's key would relabel the span that is selected beneath them,
// Backspace would remove it and Ctrl+Enter submit, all of it unseen: these keys wait until the instructions are closed.
(() => {
  "use strict";

  const PASSED = new Set(["Escape", "Tab"]);

  addEventListener(
    "keydown",
    (event) => {
      const instructions = document.querySelector(".lsf-modal-ls__body");
      if (instructions?.checkVisibility() && !PASSED.has(event.key)) event.stopImmediatePropagation();
    },
    { capture: true },
  );
})();

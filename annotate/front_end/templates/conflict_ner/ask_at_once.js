// A drawn span whose label asks a question is selected at once, so that its answer is one key away; answered, it
// is let go, so that the next label's key begins a new span instead of relabelling this one.
// Label Studio's own setting "Select region after creating it" does neither: it selects spans of every label and
// keeps them. And Ctrl+Enter leads to the first span that lacks a required answer: Label Studio would show a warning
// that only the mouse closes, and save no draft any more, for it takes the refused submission for begun.
// Where this script is missing or finds nothing that it knows, a click selects the span, as ever.
(() => {
  "use strict";

  const questions = (span) =>
    (span.perRegionTags ?? []).filter((tag) => !tag.whenlabelvalue || span.hasLabel(tag.whenlabelvalue));
  const lacks = (span, tag) => !span.results.some((result) => result.from_name === tag && result.hasValue);
  const unanswered = (span) => questions(span).some((tag) => lacks(span, tag));
  const incomplete = (span) => questions(span).some((tag) => tag.required && lacks(span, tag));

  let asked = null;

  const ask = (span) => {
    asked = span;
    span.annotation.selectArea(span);
  };

  const askOfDrawn = (span) => {
    // Label Studio unselects everything right after it has told of the new span; no key may come between.
    queueMicrotask(() => {
      if (span.annotation && unanswered(span)) ask(span);
    });
  };

  const letGo = () => {
    const span = asked;
    if (span === null) return;
    const selected = span.annotation?.highlightedNode === span;
    if (selected && unanswered(span)) return;
    asked = null;
    if (selected) span.annotation.unselectAll();
  };

  const lookBeforeSubmission = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const annotation = window.Htx?.annotationStore?.selected;
    if (!annotation?.editable) return;
    const span = annotation.regionStore.regions.find(incomplete);
    if (span === undefined) return;
    event.stopImmediatePropagation();
    ask(span);
  };

  // Label Studio puts a new data manager here for each project that is opened. Its own listeners stand by then, so
  // that ours come after them: a key has answered before the span is let go, and no other key comes between.
  let current;
  Object.defineProperty(window, "dataManager", {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: (manager) => {
      current = manager;
      manager?.on?.("lsf:entityCreate", askOfDrawn);
      document.addEventListener("keydown", letGo);
      document.addEventListener("click", letGo);
    },
  });
  addEventListener("keydown", lookBeforeSubmission, { capture: true });
})();

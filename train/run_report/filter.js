(() => {
  // The page is whole without this: it adds the choice of errors, and links that make it.
  const form = document.querySelector("#filter")
  if (!form) return
  const errors = [...document.querySelectorAll("article.error")]
  const told = form.querySelector("output")
  const left = (part) => part.querySelector("article.error:not([hidden])") !== null

  const choose = () => {
    const wanted = [...new FormData(form)].filter(([, value]) => value)
    let shown = 0
    for (const error of errors) {
      error.hidden = !wanted.every(([name, value]) => error.dataset[name].split(" ").includes(value))
      shown += !error.hidden
    }
    for (const more of document.querySelectorAll("details.more")) {
      more.open = wanted.length > 0
      more.hidden = !left(more)
    }
    for (const kind of document.querySelectorAll("section.kind")) kind.hidden = !left(kind)
    told.textContent = `${shown.toLocaleString("en")} of ${errors.length.toLocaleString("en")}`
  }

  form.addEventListener("change", choose)
  form.addEventListener("submit", (event) => event.preventDefault())
  form.addEventListener("reset", () => setTimeout(choose))
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-choose]")
    if (!link) return
    form.reset()
    for (const [name, value] of new URLSearchParams(link.dataset.choose)) {
      const choice = form.elements[name] // with one split there is none to choose
      if (choice) choice.value = value
    }
    choose()
  })

  // What is folded is printed too, and folded again.
  let folded = []
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")]
    for (const part of folded) part.open = true
  })
  addEventListener("afterprint", () => {
    for (const part of folded) part.open = false
  })

  form.hidden = false
  choose()
})()

"use strict";
// Draws the figures in the colours of the style sheet, and makes crops comparable by a slider.
// Without it everything but the figures of plotly is there.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const wide = matchMedia("(min-width: 62.01rem)");
  const PRINT_WIDTH_PX = 680, PRINT_HEIGHT_PX = 300;
  let printing = false;

  // --- figures -------------------------------------------------------------------------------
  const colours = () =>
    getComputedStyle(printing ? document.querySelector(".as-printed") : document.documentElement);

  const resolved = (value, style) => {
    if (typeof value === "string") {
      return value.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
    }
    if (Array.isArray(value)) {
      return typeof value[0] === "number" ? value : value.map((one) => resolved(one, style));
    }
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolved(v, style)]));
    }
    return value;
  };

  const draw = (plot) => {
    if (typeof Plotly === "undefined") return;
    const given = JSON.parse(plot.parentElement.querySelector("script").textContent);
    const { data, layout } = resolved(given, colours());
    if (printing) {
      layout.height = Math.min(layout.height, PRINT_HEIGHT_PX);
      Object.assign(layout, { width: PRINT_WIDTH_PX, autosize: false });
    }
    plot.style.height = `${layout.height}px`;
    Plotly.react(plot, data, layout, { responsive: true, displayModeBar: false });
  };
  const visible = (plot) => !plot.closest("details:not([open])");
  const plots = () => [...document.querySelectorAll(".plot")].filter(visible);
  const drawAll = () => plots().forEach(draw);
  const drawInTurn = (waiting) => {
    if (waiting.length === 0) return;
    draw(waiting[0]);
    setTimeout(drawInTurn, 0, waiting.slice(1));
  };
  const print = (now) => {
    printing = now;
    drawAll();
  };

  // --- crops ---------------------------------------------------------------------------------
  const element = (name, properties = {}, children = []) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const addSlider = (looks) => {
    const crops = [...looks.querySelectorAll(".crop[data-name]")];
    if (crops.length < 2) return;
    const under = element("img"), over = element("img", { className: "over" });
    const stage = element("div", { className: "stage" }, [
      under, over, element("div", { className: "edge" }),
    ]);
    const choice = (label, index) => {
      const options = crops.map((crop, i) =>
        element("option", { textContent: crop.dataset.name, value: i, selected: i === index }));
      const made = element("select", {}, options);
      made.setAttribute("aria-label", label);
      return made;
    };
    const left = choice("left picture", crops.length - 2);
    const right = choice("right picture", crops.length - 1);
    const slider = element("input", { type: "range", min: 0, max: 100, value: 50 });
    const show = () => {
      const [before, after] = [crops[left.value], crops[right.value]];
      for (const [image, crop] of [[over, before], [under, after]]) {
        const shown = crop.querySelector("img");
        image.src = shown.src;
        image.alt = shown.alt;
      }
      slider.setAttribute(
        "aria-label", `left of the edge ${before.dataset.name}, right of it ${after.dataset.name}`);
      slider.setAttribute("aria-valuetext", `${slider.value} % ${before.dataset.name}`);
      stage.style.setProperty("--at", `${slider.value}%`);
    };
    for (const control of [left, right, slider]) control.addEventListener("input", show);
    show();
    const sides = element("div", { className: "sides" }, [left, right]);
    looks.prepend(element("div", { className: "reveal" }, [sides, stage, slider]));
  };

  // --- sections ------------------------------------------------------------------------------
  const followSections = () => {
    const links = [...document.querySelectorAll("nav a")];
    const headings = links.map((link) => document.getElementById(link.hash.slice(1)));
    const follow = () => {
      const passed = headings.filter((h) => h.getBoundingClientRect().top < innerHeight / 3);
      const current = headings[Math.max(0, passed.length - 1)];
      links.forEach((link, i) => {
        if (headings[i] === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    };
    const list = document.querySelector("nav details");
    const fold = () => { list.open = wide.matches; };
    wide.addEventListener("change", fold);
    list.addEventListener("click", (event) => {
      if (event.target.closest("a") && !wide.matches) list.open = false;
    });
    addEventListener("scroll", follow, { passive: true });
    fold();
    follow();
  };

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".looks").forEach(addSlider);
    if (document.querySelector("nav details")) followSections();
    document.querySelectorAll("details").forEach((details) => {
      details.addEventListener("toggle", () => {
        if (details.open) details.querySelectorAll(".plot").forEach(draw);
      });
    });
    dark.addEventListener("change", drawAll);
    addEventListener("beforeprint", () => print(true));
    addEventListener("afterprint", () => print(false));
    drawInTurn(plots());
  });
})();

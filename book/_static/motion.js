// Pictures that can be held still, and the scenes of one heart's walk, shown one after the other.
(() => {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const hold = (root, still) =>
    root.querySelectorAll("img[data-still]").forEach((image) => {
      image.dataset.moving ||= image.getAttribute("src");
      image.src = still ? image.dataset.still : image.dataset.moving;
    });

  const beating = (figure) => {
    const button = figure.querySelector(".im-still");
    if (!button) return;
    let still = false;
    const set = (value) => {
      still = value;
      hold(figure, still);
      figure.classList.toggle("im-calm", still);
      button.textContent = still ? "Let them beat" : "Hold still";
    };
    button.hidden = false;
    button.addEventListener("click", () => set(!still));
    if (calm || figure.matches(".im-calm")) set(true);
  };

  const SECONDS = 7;
  const player = (walk) => {
    const scenes = [...walk.querySelectorAll(".im-scene")];
    const bar = document.createElement("div");
    bar.className = "im-steps";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Scenes");
    const make = (text, name, act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      if (name) button.setAttribute("aria-label", name);
      button.addEventListener("click", act);
      bar.append(button);
      return button;
    };
    let at = 0;
    let timer = 0;
    const play = (run) => {
      clearInterval(timer);
      timer = run ? setInterval(() => show((at + 1) % scenes.length), SECONDS * 1000) : 0;
      pause.textContent = run ? "Pause" : "Play";
      walk.setAttribute("aria-live", run ? "off" : "polite");
      hold(walk, !run && calm);
    };
    const go = (place) => {
      play(false);
      show((place + scenes.length) % scenes.length);
    };
    make("‹", "Previous scene", () => go(at - 1));
    const numbers = scenes.map((scene, place) =>
      make(String(place + 1), `Scene ${place + 1}: ${scene.querySelector("h3").firstChild.textContent}`, () => go(place)));
    make("›", "Next scene", () => go(at + 1));
    const pause = make("Pause", "", () => play(!timer));
    const show = (place) => {
      at = place;
      scenes.forEach((scene, k) => { scene.hidden = k !== at; });
      numbers.forEach((button, k) => (k === at ? button.setAttribute("aria-current", "step") : button.removeAttribute("aria-current")));
    };
    walk.classList.add("im-playing");
    walk.append(bar);
    show(0);
    play(false);
    if (!calm) {
      // It starts when the reader has come to it, and rests when they have gone on.
      new IntersectionObserver(([entry], observer) => {
        if (!entry.isIntersecting) return;
        observer.disconnect();
        play(true);
      }, { threshold: 0.6 }).observe(walk);
    }
  };

  const start = () => {
    document.querySelectorAll(".im-hero, .im-ruler, .im-beating").forEach(beating);
    document.querySelectorAll(".im-walk").forEach(player);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

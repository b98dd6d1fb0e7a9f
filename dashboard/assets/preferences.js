// What a viewer has chosen for good. Cookies are read by the server as well: language and time
// zone. The rest stays in the browser.

const YEAR_S = 31536000;

export function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`faultline_${name}=`));
  return found ? decodeURIComponent(found.slice(found.indexOf("=") + 1)) : "";
}

// Empty forgets it.
export function setCookie(name, value) {
  const age = value ? YEAR_S : 0;
  document.cookie = `faultline_${name}=${encodeURIComponent(value)}; path=/; max-age=${age}; samesite=lax`;
}

export function chosen(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`faultline-${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function choose(name, value) {
  try {
    localStorage.setItem(`faultline-${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing forgets it with the tab.
  }
}

/**
 * A script for the head of GraphiQL: the `Storage` in which GraphiQL keeps its tabs between visits. The sandbox and
 * Spotify have tabs of their own, since the examples of one do not fit the other. History and settings are shared.
 */
export const storageScript = (isSandbox: boolean): string => `
  const [mode, otherMode] = ${isSandbox} ? ['sandbox', 'spotify'] : ['spotify', 'sandbox'];
  const prefix = 'graphiql:';
  const keysByMode = ['tabState', 'query', 'variables', 'headers'].map((name) => prefix + name);
  const keyIn = (mode, key) => (keysByMode.includes(key) ? mode + ':' + key : key);
  const storedKeys = () =>
    Object.keys(localStorage).filter((key) => [prefix, mode + ':' + prefix].some((start) => key.startsWith(start)));
  const storage = {
    getItem: (key) => localStorage.getItem(keyIn(mode, key)),
    setItem: (key, value) => localStorage.setItem(keyIn(mode, key), value),
    removeItem: (key) => localStorage.removeItem(keyIn(mode, key)),
    clear: () => storedKeys().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return storedKeys().length;
    },
  };
  // A browser that blocks the storage of sites throws at each access, and GraphiQL would show nothing. With null it keeps nothing.
  const hasStorage = () => {
    try {
      return Boolean(localStorage);
    } catch {
      return false;
    }
  };
  window.gatewayStorage = hasStorage() ? storage : null;

  const tabStateOf = (mode) => {
    const state = JSON.parse(localStorage.getItem(keyIn(mode, prefix + 'tabState')) ?? '{}');
    return { active: state.tabs?.[state.activeTabIndex], queries: (state.tabs ?? []).map(({ query }) => query) };
  };

  // GraphiQL stores the text of the active tab apart from the tabs, and only after an edit. Without that text the next
  // visit would add an empty tab.
  const storeActiveTab = () => {
    const { active } = tabStateOf(mode);
    if (!active || storage.getItem(prefix + 'query') !== null) return;
    for (const name of ['query', 'variables', 'headers']) {
      if (active[name]) storage.setItem(prefix + name, active[name]);
      else storage.removeItem(prefix + name);
    }
  };

  // GraphiQL writes the text of the active tab into the URL, from which a reload takes it.
  const forgetQueryOfOtherMode = () => {
    const url = new URL(location.href);
    const query = url.searchParams.get('query');
    if (tabStateOf(mode).queries.includes(query) || !tabStateOf(otherMode).queries.includes(query)) return;
    url.searchParams.delete('query');
    history.replaceState({}, '', url);
  };

  try {
    storeActiveTab();
    forgetQueryOfOtherMode();
  } catch (error) {
    console.warn('The stored tabs cannot be read.', error); // GraphiQL starts with the examples
  }`;

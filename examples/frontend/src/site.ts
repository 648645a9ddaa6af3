import { createContext, useContext } from 'react';

/** The settings of the site, which its server provides as `/site.json`. */
export interface Site {
  /** Whether the gateway runs with its sandbox, so that the page has to state that its music is made up. */
  madeUpMusic: boolean;
  /**
   * Whether the page shows the Spotify calls that it has cost. Its requests then have a header, and responses to them
   * are not cached by a CDN.
   */
  showCost: boolean;
}

const plainSite: Site = { madeUpMusic: false, showCost: false };

/** Reads the settings. Without the file, all are off. */
export async function readSite(): Promise<Site> {
  try {
    const response = await fetch('/site.json');
    return { ...plainSite, ...(await response.json()) };
  } catch {
    return plainSite;
  }
}

export const SiteContext = createContext(plainSite);

export const useSite = (): Site => useContext(SiteContext);

/** The gateway's logo, a record whose tracks are a graph, as SVG. It is the same on light and dark pages. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" role="img" aria-label="Logo"><rect width="32" height="32" rx="7" fill="#1f3a2c"/><circle cx="16" cy="16" r="10" fill="none" stroke="#9fd8b4" stroke-width="1.5"/><path d="M16 6 7.3 21h17.4z" fill="none" stroke="#fff" stroke-width="1.5"/><g fill="#fff"><circle cx="16" cy="6" r="2.5"/><circle cx="7.3" cy="21" r="2.5"/><circle cx="24.7" cy="21" r="2.5"/></g><circle cx="16" cy="16" r="2" fill="#9fd8b4"/></svg>`;

/** The logo as the address of an image. */
export const logoUrl = `data:image/svg+xml,${encodeURIComponent(logo)}`;

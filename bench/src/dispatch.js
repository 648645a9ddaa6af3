/** One exchange at the level below undici's `request`, whose streams take more time than many responses. */
export function dispatch(dispatcher, options) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let statusCode = 0;
    dispatcher.dispatch(options, {
      onRequestStart() {},
      onResponseStart(_, status) {
        statusCode = status;
      },
      onResponseData: (_, chunk) => void chunks.push(chunk),
      onResponseEnd: () =>
        resolve({ statusCode, bytes: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks) }),
      onResponseError: (_, error) => reject(error),
    });
  });
}

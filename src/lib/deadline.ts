/** What the work comes to, or undefined when it takes longer; its own failure is passed on while somebody waits for it. */
export async function withinTime<T extends object>(
  work: Promise<T>,
  ms: number,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined)
    }, ms)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
    // Whoever is late and fails has nobody to tell.
    work.catch(() => undefined)
  }
}

// Libraries and tools of a system.
import { aloneGo, aloneThree, type KnownProgram } from './known-program.ts'

export const tools: readonly KnownProgram[] = [
  {
    name: 'aws-lc',
    file: /^(?:openssl|bssl|libcrypto\.so[.0-9]*)$/,
    marks: [{ near: 'AWS-LC ', pattern: /\(compatible; AWS-LC ([0-9]+\.[0-9]+\.[0-9]+)\)/ }],
  },
  {
    // Its first name in the official image is `[`: all others are links to that.
    name: 'busybox',
    file: /^(?:busybox(?:\.[a-z]+)?|\[)$/,
    marks: [{ near: 'BusyBox v', pattern: /BusyBox v([0-9]+\.[0-9]+\.[0-9]+)/ }],
  },
  {
    name: 'chromium',
    file: /^(?:chrome|chromium|chromium-browser|headless_shell|chrome-headless-shell)$/,
    marks: [{ near: '\0Videos\0', pattern: /\0Videos\0([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)\0/ }],
  },
  {
    name: 'curl',
    file: /^(?:curl|libcurl(?:-gnutls|-nss)?\.so[.0-9]*|libcurl\.dylib|curl\.exe)$/,
    marks: [
      { near: 'libcurl/', pattern: /\0libcurl\/([0-9]+\.[0-9]+\.[0-9]+)\0/ },
      { near: 'curl/', pattern: /\0curl\/([0-9]+\.[0-9]+\.[0-9]+)\0/ },
    ],
  },
  {
    name: 'ffmpeg',
    file: /^(?:ffmpeg|ffprobe|ffplay|lib(?:avcodec|avformat|avutil|avfilter|avdevice|swscale|swresample)(?:-[0-9a-f]{8})?\.so[.0-9]*)$/,
    marks: [
      {
        near: 'the FFmpeg developers',
        pattern: /%s version n?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?:-[\w.+~-]*)?[\0\s]+Copyright \(c\)/,
      },
      {
        near: 'FFmpeg version ',
        pattern: /FFmpeg version n?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?:-[\w.+~-]*)?\0/,
      },
    ],
  },
  {
    name: 'git',
    file: /^git(?:\.exe)?$/,
    marks: [
      {
        near: 'GIT_USER_AGENT',
        pattern: /git\/([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-rc[0-9])?)\0/,
      },
    ],
  },
  {
    name: 'gzip',
    file: /^gzip$/,
    marks: [
      { near: 'pack level', pattern: /bad pack level\0([0-9]+\.[0-9]+(?:\.[0-9]+)?)\0%s %s/ },
    ],
  },
  {
    name: 'helm',
    file: /^(?:helm[0-9]?|tiller)(?:\.exe)?$/,
    marks: [{ pattern: aloneGo, isUnmarked: true }],
  },
  {
    name: 'jq',
    file: /^jq$/,
    marks: [{ near: '\0DEBUG:', pattern: /\0([0-9]+\.[0-9]+(?:\.[0-9]+)?)\0DEBUG:/ }],
  },
  {
    name: 'libressl',
    file: /^(?:openssl|libcrypto\.so[.0-9]*|libssl\.so[.0-9]*)$/,
    marks: [{ near: 'LibreSSL ', pattern: /\0LibreSSL ([0-9]+\.[0-9]+\.[0-9]+)\0/ }],
  },
  {
    name: 'openssl',
    file: /^(?:openssl(?:\.exe)?|libcrypto\.so[.0-9]*|libssl\.so[.0-9]*|libcrypto[.-][\w.-]+\.(?:dll|dylib))$/,
    marks: [
      {
        near: 'OpenSSL ',
        pattern:
          /\0OpenSSL ([0-9]+\.[0-9]+\.[0-9]+[a-z]{0,2}(?:-(?:alpha|beta|pre|rc)[0-9]+)?)(?:-fips|-dev)?(?: \+quic)? +[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4}/,
      },
    ],
  },
  {
    name: 'qt',
    file: /^libQt[0-9]?Core\.so[.0-9]*$/,
    marks: [
      { near: '\0Qt ', pattern: /\0Qt ([0-9]+\.[0-9]+\.[0-9]+) \(/ },
      {
        near: 'QtCore library version ',
        pattern: /QtCore library version ([0-9]+\.[0-9]+\.[0-9]+)/,
      },
    ],
  },
  {
    name: 'util-linux',
    file: /^(?:getopt|mount|umount|su|nsenter|unshare|agetty|login|lsblk|fdisk|setpriv|flock|dmesg)$/,
    marks: [{ near: 'util-linux ', pattern: /\0util-linux ([0-9]+\.[0-9]+(?:\.[0-9]+)?)\0/ }],
  },
  {
    name: 'xz',
    file: /^(?:xz|liblzma\.so[.0-9]*)$/,
    marks: [
      { near: '(XZ Utils) ', pattern: /xz \(XZ Utils\) ([0-9]+\.[0-9]+\.[0-9]+(?:alpha|beta)?)/ },
      { pattern: aloneThree, isUnmarked: true },
    ],
  },
  {
    name: 'zstd',
    file: /^(?:zstd|libzstd\.so[.0-9]*)$/,
    marks: [
      { near: 'Zstandard CLI', pattern: /\0v?([0-9]+\.[0-9]+\.[0-9]+)\0Zstandard CLI/ },
      { pattern: aloneThree, isUnmarked: true },
    ],
  },
]

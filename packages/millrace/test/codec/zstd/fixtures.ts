// Frames written by the zstd command 1.5.4, with the content they decode to, so that tests need no other program.

/** Records of JSON from a linear congruential generator: the content of most frames here. */
export function records(length: number, seed: number = 1): Buffer {
  let state = seed >>> 0;
  const next = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const words = ['click', 'view', 'purchase', 'error', 'login', 'logout', 'search', 'refund'];
  let text = '';
  while (text.length < length) {
    text += `${JSON.stringify({ id: next(100000), event: words[next(8)], user: `user-${next(500)}`, value: next(10000) / 100, ok: next(3) > 0 })}\n`;
  }
  return Buffer.from(text.slice(0, length));
}

const base64 = {
  small1:
    'KLUv/WQAAB0EAOKGFxqAtzra318uRMU1HPLdBHVLEkspl96lG9S8MEyROtfO0nSddDNKFVth7SQtDqMfw5SuLUCCIfIG+0Jyo+ygYs8RecvNVarAvhnGmzN8' +
    'h9Hx8L1i4IVvkrWl9gLCEQENABCqxE5QwtCw4SQQXTE+lChjCYPAhpmACmwNJ8yzrvIELjHghw==',
  small19:
    'KLUv/WAsAFUEALIHGRiAqw7q9/MIvLEipmYAXW4kQjbMoBaWGT1wFzP1uPFyT3gQsmpv4WTm7HXCsjodx2q94SCmbLoWcgOipoo04hPm6TklDPFdFfk8nS0L' +
    '4mfT+vSm8iBmbR7vLP300zpuLL5ADgUOIBCjiXqTSdtGNVoyaRtOIP3WijKWg7BhBiq2hhPzrAs+AQ==',
  kilo1:
    'KLUv/QRInQwABpU6HIC16UPH20cq3n0ZfiQkjMTfhJFNds4GbFDN7QE5ADMALgDfehQhKQKAAsQoSOEoxFLGWTs/CjUKsiijkjMgIaapoxJimjIKMchhkBqB' +
    'OkqRQAtUBm9rHkVIiiD/aZ1/MJEYFiX9/BxDVcQgUQb7jJ12Whv33Plv08OflpTQcTZJcRRiKWPb8PhhkBDEIAf6f4btf4fZVvM5zzR9tU8V0577sDamuToh' +
    '0RRQUnd+NvffvbOcaue9B1CyOD8Nh2is17fn0XZdFc1iWJT+S0fTbUw+xHdzb1Rt5k7P1rZ71HM22fqVedntH1UDVajxHJPUXmt/A9Di0OoBEVgMAeEwNAFN' +
    'UHULewbk5Ww/lscsF2aqpRLxcWl5yMRtqkLUxqawkcSeoRRpGCMhFDNGDlYFCveGrLwjtuvRlhRVV4WtIUnSI5CRoGCAMORwUduGSA4/MU9jLjKuglD9rFLJ' +
    'DdQgeUlwRxogSXn8TL90QSPBDkOuJIumchuhS5pXUia9aFVJO8VkoiJ7VqgaxABlObGvAt4jK7g=',
  kilo19:
    'KLUv/WSgDjUWAAarYhtwTYoNklVtA/CxYxoCAABjd/fOJMvx2/+uKwJ3AFQATgB3+Q++yIJ5EwsFiblxJolRYoMCggMD3Ryi1F4oUGAoeFaNBM3W42CmibGS' +
    '4cBgLOpT1GBE3KR4BAuIVpoBKhYQDAQHA8eCwxGAl7mBY9FgIJA4Ag4qEhg4GAuIxhFwLCAIEgoYjYdj4IhoWEgsjoC6mQYOA4WDIr5LqgUTMd8pu5xuepxW' +
    'ylObY1b+X0TDwXKu4lupps2e3KH1tlUZHZlNJmtEKjHbrnqdZNUeqZ0tB6vknizCEVPdbWOXJMuwbCU5n0FD42DB8F2VBMU7SZaxczvpEP3GWHMl/i5HKtcx' +
    'zaTupm25ZaOaTQzvognWKFtpHzlVayYL2W1xbuIitdL9BWvSZmaZcn9eNp9HMF23ujn7C2Ha3TGyrIYmWDT2SbSg037WXXmH8m2tfi1WCdpKVy5bfi865lnu' +
    'WttLZxQzTCI7HQXttA1dmXiWp6zF9CqRZJ4hNYuXl3+8YwkeullUMi7COfRJWguAr6gxFMtq3f4d0CaQqKrqIgggGAQJNM8wCAMhSE4p4RGqks0BsPrYUOgX' +
    'zIj0FsCHX6lWn/Yd1iLk/wja0ojnipeNBr3066bmz6TrgojblIEftQzwF9Hl1YkSUHAydSAvR8FZfUKqs9YeGLOwikQNvXjcNYszq4RG5WQgZ/lhtIBToWAD' +
    '0uiyFdPrhCT5tHJfo0uXMcjBZLy2pd83j5wsJ7qMuganR7RRBOQNmVH1SORws35gWbSM+ils811odlZgFvEfIfuwMi9T2vAlSx6TAHUxS3K2Gg7Ih4FSNVQy' +
    '7+EIGm1eCPkhB+cFYoV8VDTByvJ7czzlPHiUq1yAjuJXVaNwGjEhyiWOs5lCHyeDsypIda8MYVaMFC4NimcrTQ61TOJsJ9mDpYTZYvZ3zF97cmIPJ5sqayqq' +
    'p5cTmg==',
  four:
    'KLUv/WSIEvUeAHbxbxtwTYoNklVtA/CxYxoCAADj5sqdKfaxi/9eQQSDAGAAXABdQBAkFDAaD4d0NrmxVKxykuAl1dasJE0ZDgzGwoau5D/zfdKq5GxTRE+D' +
    'YCA4wBSsI00sFCQ6pbQRY2ElFDAIFhCTaFSpkyIaDk7fASoWDUbEwLHgcATkBXHgWDQYCCSOgONqgYGDsYBoHAFHgwKCA8MxcEQ0LCQWR0ALWwOHgcJBEemq' +
    '+2vBRBvHTkv+JbzdiZfXczyZu9NNklfWOlEPhU5E2TSTEp0NGhoHC8ZfysrXQoECQ0HRLdNjRLNHqFl7jhKF0vfU3STrJ88tNrueriOpYq9jJ5ZPuk+WxMIy' +
    'wqP8FSgnS0teX1lMNNZTTmkd0ZgdmuSRYdrpdB+2eltV58daSrFcdbpu5Hr1u1dr/JJb3WRmSf3GZUS25Hl6xrqUTnNZb8mRXmhVKdUZrXgzwTLq3VwZ5ymH' +
    'UI6EdxYHDQYCiSPgmOMR62jrS5hTdetyCEksqZatT7balZiNfTprrcrda9E5nXmSRfXz5cfUk8pS0YjVJ+lyprnWjyN1X1Hx7k6m6lrmHInsW+UysWN8yi+t' +
    '5TEq37UhosnbAYEtqDEZtMxW2K8D4YVEyBxk5gERJBCCEI9JRUSEqExSI60BD1DcU8pdAoFSaFGczCrNrvshEXTGlYRk7CN1FjcMMrUB5IsbMmL2T2gVkcVI' +
    'Hh8Y+NgNSHtEAmUuyBhyOpYeADjybBsc7bIAzJ0WMB4onKVDYmkbMyTCkhwg5w1IT08x0jGMKR5FLu97BUXSrrYiSIAWQ0WpRiKfNk12F+MqvG6TBHYMT9a1' +
    'BGhdykcqGzyztB2aV99Hzl4JiSrdEtD1hv5a0mYHxuLH+dBFLx00wxxZUF5GHcKrmOdVU4J7kN7aBw3w2Te2te4IQibwyrNVP/OA4GItCgWNJqLJa5FrWRSe' +
    'FkAp1KuA2h0INPwKlecUEUrjkGynKJPU6lMPbWNIuIZS0ip2KhaAgmcBqbEEsE8Jo+AYKdbqS3sRa4EURJMqdBkJXbM9ocntlx+Z11q6qLy6IvI80/VXZ2K4' +
    'Q32Bx0VItxsTXWF4lVSG9LZWTc0oW7TIVgRi6hYiK0IyAb5rjXvFs0uuwqbsRdTexsKOHTF6T/NWzkfrbLVpeCBeZ4wykIYap8U8qSQOHQ35vG8MmzYSRXhn' +
    'rSDSodZ5Fri1fGcdmlpknO/u9jKTarwKFKLvtpPCooNU1uAQTRRNJJCbu5+QhmXTkIo8fYM0NkKTCPFZoSDVmmXYNvGhewyqNMggW+xgU6JsvswQynBaSYD4' +
    'UgNOV2pLnYCvCqe332k=',
  blocks:
    'KLUv/aC4agUAZA8AVthAHlBpkwdQBw2bDRxd6MwYjpmZwTwpQhjJi2PuqiqCMEUAOAAwAMzCMEnlNYwClYzXwMAgScKy9QALSUJBCI5zsByDkWqPkzQKsjjG' +
    'ubyA4zBJojnGSRKIgYFpEM5xFIhkkRwjUX/HGTgchZxXO9rvAKIhSJjvZtJuIxZj3ol7NSE5LGrrfaTXbIhDwaLc1jKT/QeGg2LATtMj1qshF3crnbMDi6Jd' +
    'a3RUuywzW9pV+zVTb0+vVG1nxkvSfibmUrf97y4y3S7OJPx1XtFv8Vq/HXVqAoihqtpNeCzM6/dFrNZP1ER9GyIdo5Wedh53+07czI1WqUh4ZUb50kJuI0Tc' +
    'K5qlIHaoIZmT0l7YPwPAApHIrDwSSJAgAgTR9JRAIYGi3oW1Wv9/Ayv4tbUx5wki5Gy0SXTzakbB2rV1W324g/RPbHc/rGbuDGoeR883Rsgq6E6dUVVymJ/A' +
    'FnAft6PpsTiz7Epm9Nr9CUqNi5VBBm1COrORbk8PKmloTCHU6hHoVrLibyGlV4n1P+4mMCuqUq0Fyc3DEs6kbIMs49Awqg15DqNirmNiabgKqZpuOCZ4XAvZ' +
    'TfBiBA/lYex0ZvDa55Ok2xDnyt21OKQnktwB58RF/FfCiEsCpELSFQkLTi5igIyEAzGVBaBV9AcAQkgTELAVtAEMKxFpIcndnW6DczaAgKBoqIRzCWcnNu8h' +
    'TBRxUoeYTKdB+JHqdWj0pL4cFEbsEGemwy93x+epUVmiQ95mdsjtUgf34U5SHAQ9IHEFRNCQUuL5NF9EZ9DHg9YjkF6OFd/6f1DDsGhYmAwpgWA9azA+Rmmb' +
    'oTE38KQxYBrHB1mbBr/oxy+NbTAQ1ALriU58HC7QUuCmJ4SPcTlQ+gMhuOG70T9WGvh0ETpMXsyN95rEYMpj43NjajHuAYcuuBgl4Cnr2Ac21dLYCbkbFfw2' +
    'Axf/QbIx6CxKQ2PqLKaBNUcOxIOLxQu2DcHFFbQqokHzExX9wFCRv1fDVQsA',
  windowed:
    'KLUv/UQAWBrECADyDisccCfqScLaEqOyAB8hZIuqKgwRRi4jozteQB+gCAS1zvvxy30uUEfjiM69kV2vFX33WZMHjkKCsOM7Hzr/jrDz807nWWVOPMfV1049' +
    '1Ezebz7rreeWj8FYhVJQH+mi80ZKKQzGYgg233f1vrF1JWsp7WTW0nqHlfNgHIjBrdkAB0pBCkKyQ2LE8yVKphikaIywdw1ItpTCGGELkxQSxJItA6pRRmT7' +
    'ajKBwwwCM6BRFEj0nkL9cwAjiUo9MDaT0GYDym2w/hMrQ9ZQGNdM3S0gndLZBMJZR3UY6NGWFhxJz9smav5IaTzsRCMpio+Fe091aBGlmLxyQ2DssZUrUQOj' +
    'RNzmuVGfG0WzYbaWfW8D5kxRV/4DtAUA4wkVma56xw9qtmZ3dj7aPNeTq5zZfQ4dZXaes3/tSA+vKrdfMtJPzXP57EfX8TiZ0R/poT+sZ7HRJdLtzm2/53X9' +
    'b7T5t4hZ9RGfMq9zo9S8/tMrMMAEMfDNYa6WIrhpW0eBIyyJNNhMfjsiVTaJvMWzDKz2Y2tymwyNLBLdwHQ4lcm5SbN1waM1hbeGG6RmLA82KhbPTqEVI5HW' +
    'FMMT6Z5iH6YarrVSxh5NLtCQiP+29tzq1hHkBQAjShZG9J6u9qO24uV5X36kzbmq+bqvlyswwBDUWl3P1Ft0PrddGd2jP+ddUR7/wLHNfIx4PQ/j6dlEes69' +
    'GZGv61nJWgo9nr5MXH3uPE6EEG/6odY/3WcPOuTNBDHwEhOnj028b2aLOq97Mtis5BXknLXYw1alh7fo2RDCU7aFLa5kCUwoZEtoQzKBhiGJi4w/KGJCQdZe' +
    '20Jqg4l+24pYG9r/JwNF455U9MEhQ3WAtyjReCOjM/yMsAvKFcQFALMJFXgaD/JTfkdoG/Efo99zNB2xn3/X1b/1RlXfk3ynEUr0rpjKedBeKyfv+sFjbVx/' +
    '7z2YqA/x0bOs19l/DMYqlMKnjzvSfn+k187HUSOkeYrQTx5kDjXwiqeGzclX2u658eazD2xLaVCUl5tkxea3YR+s6KA+Dxx4PJzohhLcpYHj08DtzZoBRKIn' +
    '3ttqsixZ3FGnGkl+y1ZpqIqzkQZO9LShh1TZ4CPiC89GFI3ysLVFM65zCwIUBgAzCRSOmcf7Uk+r7uKedEdH0/U0I81VZj1Eu8/K/XkY8bn1Psj381RzD5/n' +
    'z9Nd9Eh9Dzla9Ub6572M2F/PEa9kLYWJNPH6KKUwGIshYG8+vafnOzPwlDU3vTIcb01VAXxJ5Va2RJvS94vWxgmPHKC1kIEGO1LjiiuC/+g+a2k8nUPjOyNr' +
    'xRvKqfg1/j4YU8zMl24ZbUJbsmkcDJHUoKiE2YwjEuMuyXIDEzZ2I5QtJnbRa0hilnMtbUTbPIdtJNYJCKQFAEOJE8kOiRG8isfzj+u7cu4dRXnW9Vizz3d+' +
    '6zn+51V1v83P7uz+vlyEkPP1HKXvIm10rcur6ex//GzyvqLTq3vL7iiVj5Ufm//QKh7nRbeKMDLwEpOnbHqe+ZJ71ehS6WQfByV4y+Q344mSuFsKykesRh0t' +
    'mVAMEDfTd6GMJcXOg+mWH2qMS/ru5tCmbD0aak2mrymCy/9je0PP3y7JqS0J14TV3xgjDXAjpClDZcVKXYIdFi0FABMIEo0uu8/AUUgQxHj0XDpja96ztsAA' +
    'Q1ArG7Xfnk6E8KyeR+XP+2bePZmql+ec3dv1zXU/y4cOdzrfnzyIuGiP4upZ/0PerajxBCzwyrOhRHjrPEkYYjgWTr3YMshRY9vg2LS2cG30JibupP/Vhh2b' +
    'pbbV2kasTYxAAw4lCrTiJqmP0brpHqIPF9ox/sRvBmJNA8fyk9hGBvhved/mov+0dcJBIAqmWi4=',
  trained:
    'KLUv/WVNkACVAgDTgweQu5vtssauhqXMPsXIamlFTkzDw8myFt55Nniu6Roc/IoCzISBGBQoH1hAReKOtP5DOPmAGy0S85fszeC93byvCmePDWOFBNs2e6AE' +
    'D6GNuNM6iA==',
  dictionary:
    'N6Qw7E0AAAAeENAKknT//////4/sKP4dAQA7UkopZUqb7F2Vhf9/MwYAAAALx6WDwwAABIAAAAuCiAcwPDgYAgBAuJBIKYYNAAAAoowIAAAAAAAAAABkSgTm' +
    '6iYGAAAAAAAAAAAAAAAAAAEAAAAEAAAACAAAAGsiOnRydWV9CnsiaWQiOjYxNjA4LCJldmVudCI6InB1cmNoYXNlIiwidXNlciI6InVzZXItODEiLCJ2YWx1' +
    'ZSI6MTAuNDcsIm9rIjpmYWxzZX0KeyJpZCI6MjI1NzJ7ImlkIjoyODk1NSwiZXZlbnQiOiJzZWFyY2giLCJ1cy00MjkiLCJ2YWx1ZSI6NTguOTksIm9rIjpm' +
    'YWxzZX0KeyJpZCI6NDQzNzMsImV2ZW50IjoicmVmdW5kIiwidXNlciI6InVzZXItNDgwIiwidmFsdWUiOjYzLjc1LCJvayI6ZmFsc2V9CnsiaWQiOjY0MzQy' +
    'LCJldmVudCI6InNlYXJjaCIsInVzZXIiOiJ1c2VyLTE0MyIsInZhbHVlIjo4Ny41LCJvayI6dHJ1ZX0KeyJpZCI6Njc0NTUsImV2ZW50IjoicHVyY2hhc2Ui' +
    'LCJ1c2VyIjoidXNlci03NyIsInZhbHVlIjoyMS45Miwib2siOnRydWV9CnsiaWQiOjc1ODEyLHsiaWQiOjMxMzE5LCJldmVudCI6InB1cmNoYXNlIiwidXNl' +
    'ciI6InVzZXItMzgiLCJ2YWx1ZSI6My40MSwib2siOmZhbHNlfQp7ImlkIjo0MTYyNywiZXZlbnQiOiJjbGljayIsInVzZXIiOiJ1c2VyLTQ3NyIsInZhbHVl' +
    'Ijo3NC4yLCJvayI6ZmFsc2V9CnsiaWQiOjg4MTIsImV2ZW50IjoiY2xpY2siLCJ1c2VyIjoidXNlci00IiwidmFsdWUiOjI5LjY4LCJvayI6dHJ1ZX0KeyJp' +
    'ZCI6MjY3NzAsImV2ZW50IjoidmlldyIsInVzZXIiOiJ1c2VyLTE2OCIsInZhbHVlIjo4MC4yMiwib2siOmV2ZW50IjoibG9naW4iLCJ1c2VyIjoidXNlci00' +
    'MDYiLCJ2YWx1ZSI6Ny4zMywib2siOnRydWV9CnsiaWQiOjQxMTIwLCJldmVudCI6InJlZnVuZCIsInVzZXIiOiJ1c2VyLTQ2MyIsInZhbHVlIjozMC45NSwi' +
    'b2siOnRydWV9CnsiaWQiOjUzOTQ4LCJldmVudCI6ImxvZ291dCIsInVzZXIiOiJ1c2VyLTI0MiIsInZhbHVlIjo0NS4yMywib2siOmZhbHNlfQp7ImlkIjoz' +
    'OTU1MSwiZXZlbnQiOiJzZWFyY2giLCJ1c2VyIjoidXNlci0zNTUiLCJ2YWx1ZSI6ODUuMzcsIm9rIjpmYWxzZX0KeyJpZCI6MTA0ODUseyJpZCI6MzczNjQs' +
    'ImV2ZW50IjoiZXJyb3IiLCJ1c2VyIjoidXNlci00NDUiLCJ2YWx1ZSI6ODAuODYsIm9rIjp0cnVlfQp7ImlkIjo1OTE2LCJldmVudCI6InB1cmNoYXNlIiwi' +
    'dXNlciI6InVzZXItNDM3IiwidmFsdWUiOjEwLjE2',
  patched:
    'KLUv/WTcBHUBAIA0NDIyMzk5NDMzLjg5ODkxCQAQgwZwmTcCXU7zEWhcINS5jIVXb+cPIE6vBSDpr/oA',
};

const frame = (name: keyof typeof base64, content: Buffer): { name: string; frame: Buffer; content: Buffer } => ({ name, frame: Buffer.from(base64[name], 'base64'), content });

/** Frames without a dictionary: one and four Huffman streams, raw and RLE blocks, repeated tables, with and without checksum; `windowed` is longer than its window of 1 KiB. All but `kilo1` declare their size. */
export const frames: readonly { name: string; frame: Buffer; content: Buffer }[] = [
  frame('small1', records(256)),
  frame('small19', records(300)),
  frame('kilo1', records(1500)),
  frame('kilo19', records(4000)),
  frame('four', records(5000, 3)),
  frame('windowed', records(7000, 4)),
  frame('blocks', Buffer.concat([records(2000), Buffer.alloc(200_000, 'ab'), records(3000), Buffer.alloc(150_000)])),
];

/** A dictionary that `zstd --train` made, with the ID 77, and a frame that names it. */
export const dictionary: Buffer = Buffer.from(base64.dictionary, 'base64');
export const trained: { frame: Buffer; content: Buffer } = frame('trained', records(400, 5001));

/** What `zstd --patch-from` wrote: the reference is a dictionary without tables and without an ID. */
export const reference: Buffer = records(2000, 9);
export const patched: { frame: Buffer; content: Buffer } = frame('patched', Buffer.concat([records(2000, 9).subarray(100, 1500), records(100, 10)]));

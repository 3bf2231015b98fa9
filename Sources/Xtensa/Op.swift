/// What the run loop distinguishes. Zero is a byte where nothing was decoded yet.
enum Op: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// `last`: what follows may not be the next slot (the end of a loop's body, of a region, of a mapped page).
  /// `after`: stands behind the copy of a `last` instruction. `far`: a branch whose way the loop does not know.
  case undecoded, last, after, far, illegal, unmodelled, vector

  // Within the loop
  case add, addx2, addx4, addx8, sub, subx2, subx4, subx8, and, or, xor, abs, neg, addi, movi
  case addN, addiN, movN, moviN, nop, nopN
  case moveqz, movnez, movltz, movgez, movf, movt
  case sll, srl, sra, src, slli, srli, srai, ssl, ssr, ssai, ssa8l, ssa8b, extui
  case mull, mul16s, mul16u, mulsh, muluh, quou, quos, remu, rems
  case min, max, minu, maxu, sext, clamps, nsa, nsau, salt, saltu
  case l8ui, l16ui, l16si, l32i, l32iN, l32r, s8i, s16i, s32i, s32iN
  case beq, bne, blt, bge, bltu, bgeu, ball, bnall, bany, bnone, bbc, bbs, bbci, bbsi
  case beqi, bnei, blti, bgei, bltui, bgeui, beqz, bnez, bltz, bgez, beqzN, bnezN, bf, bt
  case j, jx, call0, callx0, ret, retN, callw, callxw, entry, retw, retwN
  case loop, loopnez, loopgtz
  case rsrStored
  case lsi, ssi, lsx, ssx, addS, subS, mulS, maddS, msubS, movS, absS, negS, wfr, rfr, floatS, ufloatS, truncS
  case oeqS, oltS, oleS, ueqS, ultS, uleS, unS, moveqzS, movnezS, movltzS, movgezS, movfS, movtS

  // Left to functions
  case andb, andbc, orb, orbc, xorb, all4, any4, all8, any8
  case rsr, wsr, xsr, rur, wur, rsil, waiti, rfe, rfde, rfi, rfwo, rfwu, rotw, movsp, syscall, `break`, breakN, simcall, debugger
  case s32c1i, witlb, wdtlb, iitlb, idtlb, pitlb, pdtlb, ritlb0, ritlb1, rdtlb0, rdtlb1, rer, wer
  case lsip, ssip, lsxp, ssxp, roundS, floorS, ceilS, utruncS, constS, maddnS
  case div0S, recip0S, sqrt0S, rsqrt0S, nexp01S, mkdadjS, mksadjS, addexpS, addexpmS, divnS
  case umul, mul, mula, muls, mulaLoad, ldinc, lddec
  case wrmskExpstate, setbExpstate, clrbExpstate, readImpwire, setGPIOOut, clearGPIOOut, maskGPIOOut, getGPIOIn
}

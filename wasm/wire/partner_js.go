package wire

// partnerRow finds nothing: no browser is told a partner's codes.
func partnerRow(Code) (codeRow, bool) { return codeRow{}, false }

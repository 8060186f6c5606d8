"""Transfer theorems: from the complexities of F and G to lower bounds on E_p(F, G). One file per theorem."""

"use strict";
const find = document.getElementById("name");
find.parentNode.hidden = false;
find.addEventListener("input", () => {
  const wanted = find.value.toLowerCase();
  for (const row of document.querySelectorAll("tbody tr"))
    row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
});
document.addEventListener("keydown", (event) => {
  const close = document.querySelector(".panel:target .close");
  if (event.key === "Escape" && close) close.click();
});

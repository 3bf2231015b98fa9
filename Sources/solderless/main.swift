print("solderless")
